import { decodeImage, type GenerateResult, type ModelInfo } from '@easel/engine';
import { describe, expect, it } from 'vitest';
import type { GenerateFlags } from './flags.ts';
import { buildRequest, encodeResult, loadOptions } from './here.ts';

const flags: GenerateFlags = { samples: 1, model: 'demo', metadata: true, show: true };

describe('the device', () => {
  it('is left to the engine, but for int8, which only the CPU has', () => {
    expect(loadOptions(flags, {})).not.toHaveProperty('device');
    expect(loadOptions({ ...flags, profile: 'fast' }, {})).not.toHaveProperty('device');
    expect(loadOptions({ ...flags, profile: 'int8' }, { EASEL_DEVICE: '' })).toHaveProperty('device', 'cpu');
    expect(loadOptions({ ...flags, profile: 'int8', device: 'auto' }, {})).toHaveProperty('device', 'cpu');
    expect(loadOptions({ ...flags, profile: 'int8', device: 'cpu' }, { EASEL_DEVICE: 'cuda' })).toMatchObject({
      device: 'cpu',
    });
  });

  it('that is named is refused for int8 before anything is loaded, and so is a variable that names none', () => {
    const refused = 'networks in 8 bits run on the CPU only';
    expect(() => loadOptions({ ...flags, profile: 'int8', device: 'webgpu' }, {})).toThrow(
      `--profile int8 cannot be used with --device webgpu: ${refused}`,
    );
    expect(() => loadOptions({ ...flags, profile: 'int8' }, { EASEL_DEVICE: 'cuda' })).toThrow(
      `--profile int8 cannot be used with EASEL_DEVICE cuda: ${refused}`,
    );
    expect(() => loadOptions(flags, { EASEL_DEVICE: 'CUDA' })).toThrow(/^EASEL_DEVICE must be auto, cpu, .*"CUDA"\)$/);
    expect(() => loadOptions({ ...flags, device: 'cpu' }, { EASEL_ARITHMETIC: 'half' })).toThrow(/^EASEL_ARITHMETIC/);
  });
});

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

describe('the result', () => {
  const timings = { encodeMs: 1, denoiseMs: 2, decodeMs: 3, totalMs: 6 };
  const defaults = { width: 64, height: 128, steps: 25, guidanceScale: 3, scheduler: 'edm_dpmpp_2m' } as const;
  const info: ModelInfo = {
    path: '/m',
    layout: 'diffusers',
    family: 'f',
    defaults,
    sizes: { minSide: 64, maxSide: 128, isLimit: false, trained: [{ width: 96, height: 96 }] },
    components: [],
    familyName: 'playground-v2.5',
    notices: [],
    limits: { steps: { min: 1, max: 100 }, guidance: { min: 0, max: 25 } },
    takesNegativePrompt: true,
    samplers: ['edm_dpmpp_2m'],
    profiles: ['exact'],
    configSource: 'c',
    device: { name: 'cpu', title: 'CPU', arithmetic: 'float32' },
  };
  const madeAt = (width: number, given: Partial<GenerateFlags> = {}, model: Partial<ModelInfo> = {}) => {
    const image = { width, height: 96, data: new Uint8Array(3 * 96 * width), timings };
    const result: GenerateResult = {
      images: [
        { ...image, seed: 7n },
        { ...image, seed: null },
      ],
      used: { ...defaults, width, height: 96, stepsRun: 25, device: 'cpu' },
      truncated: [],
      timings,
    };
    const output = { kind: 'stream', format: 'png', path: undefined } as const;
    const run = { prompt: 'p', seeds: [7, 8], output } as const;
    return encodeResult({ flags: { ...flags, ...given }, run, modelName: 'm', info: { ...info, ...model }, result });
  };

  it('warns of a size that is far from what the model was trained on', async () => {
    expect((await madeAt(96)).warnings).toEqual([]);
    expect((await madeAt(256)).warnings).toEqual([
      expect.stringMatching(/256×96 is far from what this model was trained on.*96x96/),
    ]);
  });

  it('warns of options that have no effect with this model', async () => {
    const given = { negativePrompt: '', guidanceRescale: 0.7 };
    expect((await madeAt(96, given)).warnings).toEqual([]);
    expect((await madeAt(96, given, { takesNegativePrompt: false })).warnings).toEqual([
      '--negative-prompt has no effect with the model m, whose UNet takes --guidance-scale as an input',
      '--guidance-rescale has no effect with the model m, whose UNet takes --guidance-scale as an input',
    ]);
  });

  it('has a file for each picture, and the seed of those that have one', async () => {
    const { pictures } = await madeAt(96);
    expect(pictures.map(({ seed }) => seed)).toEqual([7, null]);
    for (const { bytes } of pictures) expect(await decodeImage(bytes)).toMatchObject({ width: 96, height: 96 });
  });
});
