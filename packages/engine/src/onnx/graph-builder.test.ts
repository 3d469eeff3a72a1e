import { fromBinary } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { GraphBuilder } from './graph-builder.ts';
import { ModelProtoSchema } from './onnx_pb.ts';

function sample() {
  const builder = new GraphBuilder('sample');
  const x = builder.input('x', [2, 3]);
  const stored = builder.external('w', [4, 3], 'float16', { location: 'a/b.safetensors', offset: 7, byteLength: 24 });
  const doubled = builder.node('Add', [x, x], [2, 3]);
  const y = builder.node('Gemm', [doubled, builder.convert(stored)], [2, 4], { attributes: { transB: 1 } });
  builder.output('y', builder.node('Clip', [y, undefined, builder.floats([6], [])], [2, 4]));
  return fromBinary(ModelProtoSchema, builder.toBytes());
}

test('weights are external data: place and length, no bytes', () => {
  const weight = sample().graph?.initializer.find(({ name }) => name === 'w');
  expect(weight).toMatchObject({ dims: [4n, 3n], dataType: 10, dataLocation: 1 });
  expect(weight?.rawData).toBeUndefined();
  expect(Object.fromEntries(weight?.externalData.map(({ key, value }) => [key, value]) ?? [])).toEqual({
    location: 'a/b.safetensors',
    offset: '7',
    length: '24',
  });
});

test('the widening of weights comes before every other node', () => {
  const ops = sample().graph?.node.map(({ opType }) => opType);
  expect(ops).toEqual(['Cast', 'Add', 'Gemm', 'Clip', 'Identity']);
});

test('absent optional inputs are empty names, inputs and outputs keep theirs', () => {
  const { graph, irVersion, opsetImport } = sample();
  expect(graph?.node.find(({ opType }) => opType === 'Clip')?.input[1]).toBe('');
  expect(graph?.input.map(({ name }) => name)).toEqual(['x']);
  expect(graph?.output.map(({ name }) => name)).toEqual(['y']);
  expect([irVersion, opsetImport.find(({ domain }) => domain === '')?.version]).toEqual([10n, 21n]);
});

test('attributes carry their types: 1 is an integer, { float: 1 } is not', () => {
  const builder = new GraphBuilder('attributes');
  const attributes = { axis: 1, epsilon: { float: 1 }, mode: 'nearest', perm: [1, 0] };
  builder.node('Any', [], [], { attributes });
  const [{ attribute } = { attribute: [] }] = fromBinary(ModelProtoSchema, builder.toBytes()).graph?.node ?? [];
  expect(attribute.map(({ name, type }) => [name, type])).toEqual([
    ['axis', 2],
    ['epsilon', 1],
    ['mode', 3],
    ['perm', 7],
  ]);
});
