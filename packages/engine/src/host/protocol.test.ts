import { describe, expect, test } from 'vitest';
import type { GenerateResult } from '../model.ts';
import { isFromChild, isToChild } from './protocol.ts';
import { isGenerateResult, isModelInfo, isTokenCounts } from './replies.ts';

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
  });

  test.each([
    null,
    'done',
    { type: 'done' },
    { id: 1, type: 'begin' },
    { id: 1, type: 'pass', pass: { kind: 'unet', phase: 'middle' } },
    { id: 1, type: 'pass', pass: { kind: 'toString', phase: 'end' } },
    { id: 1, type: 'step', step: { ...step, sigma: 'high' } },
    { id: 1, type: 'step', step: { ...step, preview: { ...picture, width: 3 } } },
    { id: 1, type: 'failed', error: new Error('x') },
  ])('of no known form are not (%#)', (message) => {
    expect(isFromChild(message)).toBe(false);
    expect(isToChild(message)).toBe(false);
  });
});

describe('answers', () => {
  const used = { width: 2, height: 3, steps: 1, stepsRun: 1, guidanceScale: 3, scheduler: 'edm_euler' } as const;
  const result: GenerateResult = { images: [{ ...picture, seed: 7n, timings }], used, truncated: [], timings };

  test('of the declared type are accepted', () => {
    expect(isGenerateResult(structuredClone(result))).toBe(true);
    expect(isGenerateResult({ ...result, images: [{ ...picture, seed: null, timings }] })).toBe(true);
    expect(isTokenCounts([1, 2].map((count) => ({ count, limit: 75, truncated: '' })))).toBe(true);
    const sizes = { minSide: 64, maxSide: 128, isLimit: false, trained: [{ width: 64, height: 64 }] };
    const model = { path: 'x', layout: 'diffusers', family: 'f', configSource: 'c' };
    const info = { ...model, defaults: used, sizes, components: [] };
    expect(isModelInfo(info)).toBe(true);
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
