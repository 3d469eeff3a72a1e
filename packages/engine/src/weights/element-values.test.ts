import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { layersOver } from '../components/network.ts';
import { cpu } from '../runtime/devices/cpu.ts';
import { createSession } from '../runtime/session.ts';
import { floatTypes, halfToNumber, readFloats, valuesOf8Bits } from './element-values.ts';

test('every one of the 65536 half-precision values is what its bits say', () => {
  const view = new DataView(new ArrayBuffer(2));
  for (let bits = 0; bits < 65536; bits++) {
    view.setUint16(0, bits);
    expect(halfToNumber(bits), `0x${bits.toString(16)}`).toBe(view.getFloat16(0));
  }
});

/** The slow way: from the definition of the format, bit by bit. */
function obvious(code: number, exponentBits: number, fractionBits: number): number {
  const bits = code.toString(2).padStart(8, '0');
  const sign = bits[0] === '1' ? -1 : 1;
  const exponent = Number.parseInt(bits.slice(1, 1 + exponentBits), 2);
  const fraction = bits.slice(1 + exponentBits);
  const bias = 2 ** (exponentBits - 1) - 1;
  const tail = [...fraction].reduce((sum, bit, index) => sum + Number(bit) * 2 ** -(index + 1), 0);
  const isLast = exponent === 2 ** exponentBits - 1;
  if (fractionBits === 3 && isLast && fraction === '111') return Number.NaN;
  if (fractionBits === 2 && isLast) return tail === 0 ? sign * Infinity : Number.NaN;
  return sign * (exponent === 0 ? tail * 2 ** (1 - bias) : (1 + tail) * 2 ** (exponent - bias));
}

test.each([
  ['F8_E4M3', 4, 3, 448],
  ['F8_E5M2', 5, 2, 57344],
] as const)(
  'each of the 256 codes of %s has its value, here and in the graphs',
  async (dtype, exponent, fraction, largest) => {
    const values = valuesOf8Bits(dtype);
    const expected = Array.from({ length: 256 }, (_, code) => obvious(code, exponent, fraction));
    expect(values).toEqual(expected);
    expect(Math.max(...values.filter(Number.isFinite))).toBe(largest);
    const folder = await mkdtemp(join(tmpdir(), 'easel-fp8-'));
    try {
      const file = join(folder, 'codes');
      await writeFile(
        file,
        Uint8Array.from({ length: 256 }, (_, code) => code),
      );
      const tensor = { file, dtype, shape: [256, 1], offset: 0, byteLength: 256 };
      expect(await readFloats(tensor)).toEqual(expected);
      expect(await throughGraph(folder, tensor, 1)).toEqual([expected, expected]);
      const half = expected.map((value) => value / 2);
      expect(await throughGraph(folder, { ...tensor, scale: 0.5 }, 0)).toEqual([half, half]);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
);

/** The values of a table as a weight, and as rows gathered from it. */
async function throughGraph(
  folder: string,
  tensor: Parameters<typeof readFloats>[0],
  resident: number,
): Promise<[number[], number[]]> {
  const nn = layersOver(new Map([['codes', tensor]]), cpu, folder)('codes');
  const { graph } = nn;
  const ids = graph.input('ids', [256], 'int64');
  graph.output('gathered', nn.weights.gather('codes', [256, 1], ids));
  graph.output('whole', nn.add(nn.weights.get('codes', [256, 1]), graph.input('zero', [256, 1])));
  const weights = resident ? 'resident' : 'mapped';
  const session = await createSession(graph, cpu, { weightFolder: folder, threads: 1, weights });
  const { whole, gathered } = await session.run({
    ids: { data: BigInt64Array.from({ length: 256 }, (_, code) => BigInt(code)), shape: [256] },
    zero: { data: new Float32Array(256).fill(-0), shape: [256, 1] },
  });
  await session.release();
  return [[...whole], [...gathered]];
}

test('values are read in every type of the format', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'easel-floats-'));
  const file = join(folder, 'values');
  try {
    const bytes = { F64: '000000000000f8bf', F32: '0000c0bf', F16: '00be', BF16: 'c0bf', F8_E4M3: 'bc', F8_E5M2: 'be' };
    for (const dtype of floatTypes) {
      const data = Buffer.from(bytes[dtype], 'hex');
      await writeFile(file, data);
      expect(await readFloats({ file, dtype, shape: [1], offset: 0, byteLength: data.length }), dtype).toEqual([-1.5]);
    }
    expect(await readFloats({ file, dtype: 'I64', shape: [0], offset: 0, byteLength: 0 })).toBeUndefined();
  } finally {
    await rm(folder, { recursive: true });
  }
});
