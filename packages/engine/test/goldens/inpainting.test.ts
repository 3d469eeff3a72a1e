import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openCheckpoint } from '../../src/checkpoints/open-checkpoint.ts';
import { blurMask, type Mask } from '../../src/image/mask.ts';
import type { DecodedPicture } from '../../src/image/picture.ts';
import { JsonConfig } from '../../src/json-config.ts';
import { assembleModel, type RunnableModel } from '../../src/loading/assemble-model.ts';
import type { GenerateRequest } from '../../src/model.ts';
import { keepUnmasked, startOf, withFittingPicture } from '../../src/pipeline/start-picture.ts';
import { createGenerator } from '../../src/random/torch-generator.ts';
import { parseSamplingConfig } from '../../src/sampling/config.ts';
import { denoisedFrom, networkInput } from '../../src/sampling/parameterisations.ts';
import type { Denoise } from '../../src/sampling/samplers/sampler.ts';
import {
  createSchedule,
  finalLatents,
  initialLatents,
  noisedLatents,
  parameterisationOf,
  sample,
} from '../../src/sampling/sampling.ts';
import { type Fixture, fixturePath, floatsOf, maxAbsDifference, readFixture, readFixtureJson } from '../fixtures.ts';
import { type NewTensor, writeSafetensors } from '../safetensors-files.ts';
import { choice } from './networks.ts';

interface Run {
  readonly id: string;
  readonly steps: number;
  readonly strength: number;
  readonly width: number;
  readonly height: number;
  readonly seed: number;
  readonly samples?: number;
  readonly scheduler?: 'EDMEulerScheduler';
  readonly channels?: 9;
  readonly padding?: number;
  readonly blur?: number;
}

const manifest = readFixtureJson<{
  readonly prompt: string;
  readonly guidance: number;
  readonly steps: number;
  readonly runs: Run[];
  readonly seeds: Readonly<Record<string, number>>;
}>('inpainting/manifest.json');
const runs = readFixture('inpainting/runs.safetensors');
const schedulers = readFixture('inpainting/schedulers.safetensors');

describe('inpainting with a UNet for text to image', () => {
  const model = modelFor(() => Promise.resolve(fixturePath('model')));
  test.each(manifest.runs.filter(({ channels }) => channels !== 9))(
    '$id is the reference run: the latents after every step, and the picture',
    (run) => expectReferenceRun(model(), run),
  );

  test('what is kept is the start image, pixel by pixel', async () => {
    const [picture, mask] = [pictureOf(runs, 'two_euler.picture'), maskOf(runs, 'two_euler.mask')];
    const request = { prompt: 'a hat', seed: 1, steps: 2, image: { picture, mask }, width: 64, height: 64 };
    const [made] = (await model().generate(request)).images;
    const kept = [...mask.data.keys()].filter((pixel) => mask.data[pixel] === 0);
    const pixels = (data: Uint8Array) => kept.map((pixel) => [...data.subarray(3 * pixel, 3 * pixel + 3)]);
    expect(pixels(made.data)).toEqual(pixels(picture.data));
    expect(maxAbsDifference(made.data, picture.data)).toBeGreaterThan(20);
  });

  test('a start image is enlarged, and its steps are told as those of one run', async () => {
    const picture = pictureOf(runs, 'whole.picture'); // 96×96, of which the model draws 1024×1024 at once
    const steps: number[] = [];
    const onStep = ({ index, total }: { index: number; total: number }) => steps.push(index / total);
    const request = { prompt: 'a hat', seed: 1, steps: 4, upscale: 2, image: { picture, strength: 0.5 } } as const;
    const { images, used } = await model().generate(request, { onStep });
    expect([images[0].width, images[0].height, used.upscale]).toEqual([192, 192, 2]);
    expect(steps).toEqual(steps.toSorted((a, b) => a - b));
    expect(steps.at(-1)).toBe(1);
  });

  test.each<[string, Partial<NonNullable<GenerateRequest['image']>>, RegExp]>([
    ['a black mask', { mask: { width: 2, height: 2, data: new Uint8Array(4) } }, /nothing to repaint/],
    [
      'a black mask with padding',
      { mask: { width: 2, height: 2, data: new Uint8Array(4) }, maskPadding: 4 },
      /nothing/,
    ],
    ['a mask with three channels', { mask: { width: 2, height: 2, data: new Uint8Array(12) } }, /mask must have width/],
    ['padding without a mask', { maskPadding: 4 }, /maskPadding needs a mask/],
    ['a blur without a mask', { maskBlur: 4 }, /maskBlur needs a mask/],
    ['negative padding', { maskPadding: -1, mask: maskOf(runs, 'whole.mask') }, /maskPadding must be a whole number/],
  ])('%s is refused', async (_, image, says) => {
    const request = { prompt: 'x', image: { picture: pictureOf(runs, 'two_euler.picture'), ...image } };
    await expect(model().generate(request)).rejects.toMatchObject({
      code: 'invalid_request',
      message: expect.stringMatching(says),
    });
  });
});

test('with padding a request is only checked before it is sent to the engine’s process, and blurred there', () => {
  const sizes = { minSide: 64, maxSide: 64, isLimit: false, trained: [{ width: 64, height: 64 }] } as const;
  const dot = { width: 64, height: 64, data: Uint8Array.from({ length: 64 * 64 }, (_, i) => (i === 2080 ? 255 : 0)) };
  const picture = pictureOf(runs, 'two_euler.picture');
  const whole = { picture, mask: dot, maskBlur: 64 };
  const image = { ...whole, maskPadding: 4 };
  const request = { prompt: 'x', image };
  expect(withFittingPicture(request, sizes)).toBe(request);
  for (const blurred of [image, whole])
    expect(() => startOf({ prompt: 'x', image: blurred }, sizes)).toThrow('mask has nothing left to repaint');
  const black = { ...dot, data: new Uint8Array(64 * 64) };
  for (const [wrong, says] of [
    [{ ...image, mask: black }, 'all of it is black'],
    [{ ...image, mask: { ...dot, width: 63 } }, 'mask must have'],
    [{ ...image, maskPadding: -1 }, 'maskPadding must be'],
    [{ picture, maskPadding: 4 }, 'maskPadding needs a mask'],
    [{ ...image, picture: { ...picture, width: 1 } }, 'image must have'],
  ] as const)
    expect(() => withFittingPicture({ ...request, image: wrong }, sizes)).toThrow(says);
  expect(() => withFittingPicture({ ...request, width: 63 }, sizes)).toThrow('width');
});

describe('inpainting with a UNet that takes the mask and the masked picture', () => {
  const model = modelFor(nineChannelFolder);
  test.each(manifest.runs.filter(({ channels }) => channels === 9))(
    '$id is the reference run: the latents after every step, and the picture',
    (run) => expectReferenceRun(model(), run),
  );

  test('without a mask it paints all of the picture, and it also draws from text alone', async () => {
    const picture = pictureOf(runs, 'two_euler.picture');
    const [white] = [{ width: 8, height: 8, data: new Uint8Array(64).fill(255) }];
    const common = { prompt: 'a hat', seed: 1, steps: 2, width: 64, height: 64 };
    const drawn = await model().generate(common);
    const painted = await model().generate({ ...common, image: { picture, mask: white, strength: 1 } });
    expect(painted.images[0].data).toEqual(drawn.images[0].data);
    const [half, whole] = [
      { picture, strength: 0.5 },
      { picture, mask: white, strength: 0.5 },
    ];
    const [plain, masked] = [
      await model().generate({ ...common, image: half }),
      await model().generate({ ...common, image: whole }),
    ];
    expect(masked.images[0].data).toEqual(plain.images[0].data);
  });
});

test.each(Object.keys(manifest.seeds))(
  '%s keeps what is not masked at every step as the reference does',
  async (name) => {
    const [kind, begin] = name.split('.');
    const classes: Readonly<Record<string, string>> = {
      euler: 'EulerDiscreteScheduler',
      euler_ancestral: 'EulerAncestralDiscreteScheduler',
      heun: 'HeunDiscreteScheduler',
      ddim: 'DDIMScheduler',
      dpmpp_2m: 'DPMSolverMultistepScheduler',
      unipc: 'UniPCMultistepScheduler',
      lcm: 'LCMScheduler',
      tcd: 'TCDScheduler',
    };
    const { base } = readFixtureJson<{ base: Record<string, unknown> }>('samplers.json');
    const config = parseSamplingConfig(
      new JsonConfig({ ...base, _class_name: classes[kind] }, 'scheduler_config.json'),
    );
    const schedule = { ...createSchedule(config, manifest.steps), beginIndex: Number(begin) };
    const generator = createGenerator(manifest.seeds[name]);
    const [clean, noise] = [generator.randn(24), generator.randn(24)];
    expect(clean).toEqual(floatsOf(schedulers, `${name}.clean`));
    const mask = floatsOf(schedulers, `${name}.mask`);
    const parameterisation = parameterisationOf(config);
    const denoise: Denoise = async (x, sigma, index) => {
      const coefficients = parameterisation(sigma);
      const timestep = schedule.timesteps[index];
      const output = networkInput(x, coefficients).map(
        (value) => 0.7 * Math.sin(1.3 * value + 0.001 * timestep) - 0.2 * value,
      );
      return denoisedFrom(x, output, coefficients);
    };
    const first = begin === '0' ? initialLatents(noise, schedule) : noisedLatents(clean, noise, schedule);
    const keep = keepUnmasked({ clean, noise, mask }, schedule);
    const last = await sample(denoise, first, schedule, { noise: () => generator.randn(24), keep });
    const expected = floatsOf(schedulers, `${name}.last`);
    expect(maxAbsDifference(finalLatents(last, schedule), expected)).toBeLessThanOrEqual(5e-5); // of states up to 40
  },
);

test.each([1, 4, 7.5])('a mask blurred by %f pixels is Pillow’s', (radius) => {
  expect(blurMask(maskOf(schedulers, 'blur.mask'), radius)).toEqual(maskOf(schedulers, `blur.${radius}`));
});

function modelFor(folder: () => Promise<string>): () => RunnableModel {
  let model: RunnableModel | undefined;
  let cacheDir: string;
  beforeAll(async () => {
    cacheDir = await mkdtemp(join(tmpdir(), 'easel-inpainting-'));
    model = await assembleModel(
      await openCheckpoint(await folder()),
      { threads: 1, cacheDir, memory: 'large' },
      choice,
    );
  });
  afterAll(async () => {
    await model?.close();
    await rm(cacheDir, { recursive: true });
  });
  return () => {
    if (!model) throw new Error('the model is not loaded');
    return model;
  };
}

/** The tiny model with another first convolution. */
async function nineChannelFolder(): Promise<string> {
  const folder = join(await mkdtemp(join(tmpdir(), 'easel-nine-')), 'model');
  afterAll(() => rm(join(folder, '..'), { recursive: true }));
  await cp(fixturePath('model'), folder, { recursive: true, dereference: true });
  const weights = join(folder, 'unet/diffusion_pytorch_model.fp16.safetensors');
  const tensors = [...readFixture(weights)].map(([name, { shape, data }]): NewTensor => {
    const own = { name, dtype: 'F16' as const, shape, bytes: new Uint8Array(data.buffer) };
    if (name !== 'conv_in.weight') return own;
    const wider = floatsOf(runs, name);
    return { name, dtype: 'F32', shape: runs.get(name)?.shape ?? [], bytes: new Uint8Array(wider.buffer) };
  });
  await writeSafetensors(weights, tensors);
  const config = join(folder, 'unet/config.json');
  const text = await readFile(config, 'utf8');
  await writeFile(config, text.replace('"in_channels": 4', '"in_channels": 9'));
  return folder;
}

async function expectReferenceRun(model: RunnableModel, run: Run): Promise<void> {
  const { id, width, height, steps, strength, seed, samples = 1, padding, blur } = run;
  const [picture, mask] = [pictureOf(runs, `${id}.picture`), maskOf(runs, `${id}.mask`)];
  const soft = blur === undefined ? {} : { maskBlur: blur };
  const padded = padding === undefined ? {} : { maskPadding: padding };
  const request: GenerateRequest = {
    prompt: manifest.prompt,
    guidanceScale: manifest.guidance,
    ...{ width, height, steps, seed, samples },
    scheduler: run.scheduler === undefined ? 'edm_dpmpp_2m' : 'edm_euler',
    generator: samples > 1 ? 'shared' : 'per-sample',
    // the reference blurs the mask before it is scaled
    image: {
      picture,
      strength,
      ...padded,
      ...(padding === undefined && blur ? { mask: blurMask(mask, blur) } : { mask, ...soft }),
    },
  };
  const states: Float32Array[] = [];
  const onLatents = (event: { index: number; latents: Float32Array }) => states.push(event.latents.slice());
  const { images } = await model.generate(request, { onLatents });
  const expected = floatsOf(runs, `${id}.latents`); // [steps run, samples, 4, h, w]
  const { length } = states[0];
  const perSample = states.length / samples;
  const taken = states.filter((_, index) => index % perSample > 0);
  expect(taken.length * length).toBe(expected.length);
  const schedule = createSchedule(parseSamplingConfig(new JsonConfig({}, 'scheduler_config.json')), steps);
  taken.forEach((state, index) => {
    const [sample, step] = [Math.floor(index / (perSample - 1)), index % (perSample - 1)];
    const begin = (step * samples + sample) * length;
    const sigma = schedule.sigmas[schedule.sigmas.length - (perSample - 1) + step];
    const difference = maxAbsDifference(state, expected.subarray(begin, begin + length));
    expect(difference, `sample ${sample}, step ${step}`).toBeLessThanOrEqual(3e-4 * Math.max(sigma, 0.5));
  });
  const pixels = runs.get(`${id}.images`);
  images.forEach((image, index) => {
    expect([image.height, image.width]).toEqual(pixels?.shape.slice(1, 3));
    const reference = bytesOf(runs, `${id}.images`).subarray(
      index * image.data.length,
      (index + 1) * image.data.length,
    );
    expect(maxAbsDifference(image.data, reference)).toBeLessThanOrEqual(1);
    const differing = image.data.filter((value, at) => value !== reference[at]).length;
    expect(differing / image.data.length).toBeLessThanOrEqual(0.005);
  });
}

function bytesOf(fixture: Fixture, name: string): Uint8Array {
  const data = fixture.get(name)?.data;
  if (data instanceof Uint8Array) return data;
  throw new Error(`the fixture has no bytes ${name}`);
}

function pictureOf(fixture: Fixture, name: string): DecodedPicture {
  const [height = 0, width = 0] = fixture.get(name)?.shape ?? [];
  return { width, height, data: bytesOf(fixture, name) };
}

function maskOf(fixture: Fixture, name: string): Mask {
  return pictureOf(fixture, name);
}
