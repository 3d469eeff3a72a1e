import { describe, expect, it } from 'vitest';
import { buildRequest } from './build-request.ts';
import { checkCombinations } from './check-combinations.ts';
import type { GenerateFlags } from './generate-flags.ts';

const flags: GenerateFlags = { samples: 1, model: 'demo', metadata: true, show: true };

describe('the request', () => {
  it('holds nothing that was not asked for', () => {
    expect(buildRequest('a fox', flags, [7])).toEqual({
      prompt: 'a fox',
      samples: 1,
      seeds: [7],
      schedulerOverrides: {},
      microConditioning: {},
    });
  });

  it('tells an empty negative prompt from none', () => {
    expect(buildRequest('a', { ...flags, negativePrompt: '' }, [7])).toHaveProperty('negativePrompt', '');
    expect(buildRequest('a', flags, [7])).not.toHaveProperty('negativePrompt');
  });

  it('gives a shared generator the first seed', () => {
    const request = buildRequest('a', { ...flags, samples: 2, generator: 'shared' }, [7, 8]);
    expect(request).toMatchObject({ generator: 'shared', seed: 7, samples: 2 });
    expect(request).not.toHaveProperty('seeds');
  });

  it('has height and top first in the micro-conditioning', () => {
    const request = buildRequest(
      'a',
      {
        ...flags,
        size: { width: 64, height: 128 },
        originalSize: { width: 1, height: 2 },
        crop: { x: 3, y: 4 },
        targetSize: { width: 5, height: 6 },
        negativeOriginalSize: { width: 7, height: 8 },
        negativeCrop: { x: 9, y: 10 },
        negativeTargetSize: { width: 11, height: 12 },
      },
      [7],
    );
    expect(request).toMatchObject({
      width: 64,
      height: 128,
      microConditioning: {
        originalSize: [2, 1],
        cropTopLeft: [4, 3],
        targetSize: [6, 5],
        negativeOriginalSize: [8, 7],
        negativeCropTopLeft: [10, 9],
        negativeTargetSize: [12, 11],
      },
    });
  });
});

describe('options that contradict each other', () => {
  const size = { width: 64, height: 64 };

  it.each<[string, Partial<GenerateFlags>]>([
    ['--size is both sides', { size, width: 64 }],
    ['--strength says how far to go from --image', { strength: 0.5 }],
    ['give both --width and --height', { image: 'x.png', width: 64 }],
    ['edm_euler has neither', { scheduler: 'edm_euler', solverOrder: 2 }],
    ['needs both --negative-original-size and --negative-target-size', { negativeOriginalSize: size }],
    ['needs both --negative-original-size and --negative-target-size', { negativeCrop: { x: 1, y: 1 } }],
    ['needs --negative-prompt', { negativePrompt2: 'x' }],
    ['--quality is for jpeg and webp', { quality: 90, format: 'png' }],
  ])('are refused: %s', (message, wrong) => {
    expect(() => checkCombinations({ ...flags, ...wrong })).toThrow(message);
  });

  it('are not seen where there are none', () => {
    checkCombinations({
      ...flags,
      size,
      image: 'x.png',
      strength: 0.5,
      negativeOriginalSize: size,
      negativeTargetSize: size,
      scheduler: 'edm_dpmpp_2m',
      solverOrder: 2,
    });
  });
});
