import { describe, expect, it } from 'vitest';
import { checkCombinations, type GenerateFlags } from './flags.ts';

const flags: GenerateFlags = { samples: 1, model: 'demo', metadata: true, show: true };

describe('options that contradict each other', () => {
  const size = { width: 64, height: 64 };

  it.each<[string, Partial<GenerateFlags>]>([
    ['--size sets both sides', { size, width: 64 }],
    ['--strength needs --image', { strength: 0.5 }],
    ['--variation-seed needs --variation-strength', { seed: 1, variationSeed: 2 }],
    ['--variation-strength needs --seed', { variationStrength: 0.1, seed: -1 }],
    ['cannot be used with --generator shared', { variationStrength: 0.1, seed: 1, generator: 'shared' }],
    ['cannot be used with --alternatives random', { variationStrength: 0.1, seed: 1, alternatives: 'random' }],
    ['cannot be used with --image and --upscale', { variationStrength: 0.1, seed: 1, image: 'x', upscale: 2 }],
    ['--mask needs --image', { mask: 'm.png' }],
    ['--outpaint needs --image', { outpaint: { left: 8, right: 0, top: 0, bottom: 0 } }],
    ['--outpaint makes a mask', { image: 'x', mask: 'm', outpaint: { left: 8, right: 0, top: 0, bottom: 0 } }],
    ['--mask-padding needs --mask or --outpaint', { image: 'x', maskPadding: 8 }],
    ['--mask-blur needs --mask or --outpaint', { image: 'x', maskBlur: 8 }],
    ['--upscaler needs --upscale', { upscaler: 'x4.safetensors' }],
    ['--upscale cannot be used with --mask', { image: 'x', mask: 'm', upscale: 2 }],
    ['is enlarged as it is', { image: 'x', size, upscale: 2 }],
    ['enlarged by a network alone: all', { image: 'x', upscale: 2, upscaler: 'x4.safetensors', samples: 4 }],
    ['enlarged with --strength 0: all pictures would be the same', { image: 'x', upscale: 2, strength: 0, samples: 2 }],
    ['has no prompt', { image: 'x', upscale: 2, upscaler: 'x4.safetensors', eachLine: true }],
    ['has no prompt', { image: 'x', upscale: 2, upscaler: 'x4.safetensors', alternatives: 'all' }],
    ['--profile has no effect where', { image: 'x', upscale: 2, upscaler: 'x4.safetensors', profile: 'fast' }],
    ['--taesd has no effect where', { image: 'x', upscale: 2, upscaler: 'x4.safetensors', taesd: 'taesdxl' }],
    ['only one of --width and --height', { image: 'x.png', width: 64 }],
    ['--solver-order has no effect with edm_euler', { scheduler: 'edm_euler', solverOrder: 2 }],
    ['--solver-type has no effect with unipc', { scheduler: 'unipc', solverType: 'heun' }],
    ['needs both --negative-original-size and --negative-target-size', { negativeOriginalSize: size }],
    ['needs both --negative-original-size and --negative-target-size', { negativeCrop: { x: 1, y: 1 } }],
    ['needs --negative-prompt', { negativePrompt2: 'x' }],
    ['--arithmetic float16 needs a graphics card, but --device is cpu', { arithmetic: 'float16', device: 'cpu' }],
    ['but --profile int8 runs on the CPU only', { arithmetic: 'float16', profile: 'int8' }],
    ['--quality applies to jpeg and webp', { quality: 90, format: 'png' }],
  ])('are refused: %s', (message, wrong) => {
    expect(() => checkCombinations({ ...flags, ...wrong })).toThrow(message);
  });

  it('are not seen where there are none', () => {
    checkCombinations({
      ...flags,
      size,
      image: 'x.png',
      seed: 1,
      variationStrength: 0.1,
      strength: 0.5,
      negativeOriginalSize: size,
      negativeTargetSize: size,
      scheduler: 'edm_dpmpp_2m',
      solverOrder: 2,
      solverType: 'heun',
    });
    checkCombinations({ ...flags, solverOrder: 2, solverType: 'heun' });
    checkCombinations({ ...flags, scheduler: 'unipc', solverOrder: 2 });
    const several = { ...flags, image: 'x', upscale: 2, samples: 4 } as const;
    for (const noise of [{}, { strength: 0.3 }, { upscaler: 'x4.safetensors', strength: 0.3 }])
      checkCombinations({ ...several, ...noise });
    checkCombinations({ ...flags, upscale: 2, upscaler: 'x4.safetensors', samples: 4 });
  });
});
