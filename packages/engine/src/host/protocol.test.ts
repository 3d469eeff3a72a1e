import { describe, expect, test } from 'vitest';
import { EngineError } from '../errors.ts';
import type { GenerateResult } from '../model.ts';
import {
  fromWireError,
  isFromChild,
  isGenerateResult,
  isModelInfo,
  isToChild,
  isTokenCounts,
  isWireError,
  toWireError,
} from './protocol.ts';

const timings = { encodeMs: 1, denoiseMs: 2, decodeMs: 3, totalMs: 6 };
const picture = { width: 2, height: 3, data: new Uint8Array(18) };
const step = { index: 1, total: 2, sample: 0, sigma: 80, elapsedMs: 1, etaMs: 1, preview: picture };

describe('messages', () => {
  test('of the protocol are accepted', () => {
    expect(isToChild({ id: 1, type: 'generate', request: { prompt: '' }, steps: false, previewEvery: undefined })).toBe(
      true,
    );
    expect(isToChild({ id: 2, type: 'cancel' })).toBe(true);
    expect(isFromChild({ id: 1, type: 'pass', pass: { kind: 'unet', phase: 'end' } })).toBe(true);
    expect(isFromChild({ id: 1, type: 'step', step })).toBe(true);
    expect(isFromChild({ id: 1, type: 'sample', sample: { sample: 0, picture } })).toBe(true);
    expect(isFromChild({ id: 1, type: 'notice', notice: 'short of memory' })).toBe(true);
  });

  test.each([
    null,
    'done',
    { type: 'done' },
    { id: 1, type: 'begin' },
    { id: 1, type: 'pass', pass: { kind: 'unet', phase: 'middle' } },
    { id: 1, type: 'pass', pass: { kind: 'toString', phase: 'end' } },
    { id: 1, type: 'step', step: { ...step, sigma: 'high' } },
    { id: 1, type: 'sample', sample: { sample: 0, picture: { ...picture, width: 3 } } },
    { id: 1, type: 'step', step: { ...step, preview: { ...picture, width: 3 } } },
    { id: 1, type: 'notice', notice: 1 },
    { id: 1, type: 'failed', error: new Error('x') },
  ])('of no known form are not (%#)', (message) => {
    expect(isFromChild(message)).toBe(false);
    expect(isToChild(message)).toBe(false);
  });
});

describe('answers', () => {
  const used = {
    width: 2,
    height: 3,
    steps: 1,
    stepsRun: 1,
    guidanceScale: 3,
    scheduler: 'edm_euler',
    device: 'cpu',
  } as const;
  const result: GenerateResult = { images: [{ ...picture, seed: 7n, timings }], used, truncated: [], timings };

  test('of the declared type are accepted', () => {
    expect(isGenerateResult(structuredClone(result))).toBe(true);
    expect(isGenerateResult({ ...result, images: [{ ...picture, seed: null, timings }] })).toBe(true);
    expect(isTokenCounts([1, 2].map((count) => ({ count, limit: 75, truncated: '' })))).toBe(true);
    const sizes = { minSide: 64, maxSide: 128, isLimit: false, trained: [{ width: 64, height: 64 }] };
    const model = { path: 'x', layout: 'diffusers', family: 'f', configSource: 'c' };
    const device = { name: 'cpu', title: 'CPU', arithmetic: 'float32' };
    const info = { ...model, defaults: used, sizes, profiles: ['exact'], components: [], device };
    expect(isModelInfo(info)).toBe(true);
    expect(isModelInfo({ ...info, device: { ...device, memoryBytes: 8e9, reason: 'r' } })).toBe(true);
    expect(isModelInfo({ ...info, device: { ...device, name: 'gpu' } })).toBe(false);
    expect(isModelInfo({ ...info, device: undefined })).toBe(false);
  });

  test('of another are not', () => {
    expect(isGenerateResult({ ...result, images: [{ ...picture, seed: 7, timings }] })).toBe(false);
    expect(isGenerateResult({ ...result, images: [{ ...picture, data: new Uint8Array(17), seed: 7n, timings }] })).toBe(
      false,
    );
    expect(isTokenCounts([{ count: 1, limit: 75 }])).toBe(false);
    expect(isModelInfo({})).toBe(false);
  });
});

const throughTheChannel = (thrown: unknown): unknown => structuredClone(toWireError(thrown));

function received(thrown: unknown): EngineError {
  const wire = throughTheChannel(thrown);
  if (!isWireError(wire)) throw new TypeError('not understood');
  return fromWireError(wire);
}

test("an engine's error arrives with its code, message and details", () => {
  const details = { file: 'unet/model.safetensors', tensor: 'conv_in.weight' };
  const error = received(new EngineError('tensor_shape', 'conv_in.weight is [1]', { details }));
  expect(error).toBeInstanceOf(EngineError);
  expect(error).toMatchObject({ code: 'tensor_shape', kind: 'model', message: 'conv_in.weight is [1]', details });
});

test('any other error arrives as internal, with the stack it had in the child as its cause', () => {
  const error = received(new RangeError('Invalid array length'));
  expect(error).toMatchObject({ code: 'internal', message: 'Invalid array length' });
  expect(error.cause).toMatchObject({ stack: expect.stringContaining('RangeError: Invalid array length') });
  expect(received('text')).toMatchObject({ code: 'internal', message: 'text' });
});

test('what is no error of the catalogue is not taken for one', () => {
  const wire = toWireError(new EngineError('cancelled', 'x'));
  expect(isWireError(wire)).toBe(true);
  expect(isWireError({ ...wire, code: 'toString' })).toBe(false);
  expect(isWireError({ ...wire, details: { file: 7 } })).toBe(false);
  expect(isWireError({ code: 'cancelled' })).toBe(false);
});
