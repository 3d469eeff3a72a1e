import { join } from 'node:path';
import { demoModelPath } from '@easel/demo-model';
import { describe, expect, onTestFinished, test } from 'vitest';
import { sdxlLatents } from '../../src/components/tiny-vae/tiny-decoder.ts';
import { parseVaeConfig, type VaeConfig } from '../../src/components/vae/config.ts';
import type { Planes } from '../../src/components/vae/tiling.ts';
import {
  createEngineHost,
  type GenerateOptions,
  type GenerateRequest,
  loadModel,
  type StepEvent,
} from '../../src/index.ts';
import { JsonConfig } from '../../src/json-config.ts';
import { loadTinyDecoder } from '../../src/loading/tiny-decoder.ts';
import { Residency } from '../../src/runtime/residency.ts';
import { defaultTarget } from '../../src/runtime/variant.ts';
import { fixturePath, floatsOf, maxAbsDifference, readFixture, readFixtureJson } from '../fixtures.ts';
import { type NewTensor, writeSafetensors } from '../safetensors-files.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { device, expectNear, tensorOf } from './networks.ts';

const TOLERANCE = 2e-5;
const expected = readFixture('tiny_vae/expected.safetensors');
const folder = fixturePath('tiny_vae/folder');
const original = fixturePath('tiny_vae/original_decoder.safetensors');
const { playground } = readFixtureJson<{ playground: { mean: number[]; std: number[]; factor: number } }>(
  'tiny_vae/manifest.json',
);

const base = await JsonConfig.read(fixturePath('model/vae/config.json'));
const sdxlVae = parseVaeConfig(base.with({ latents_mean: null, latents_std: null, scaling_factor: 0.13025 }));
const playgroundVae = parseVaeConfig(
  base.with({ latents_mean: playground.mean, latents_std: playground.std, scaling_factor: playground.factor }),
);

const forms = [
  ['a folder of diffusers', folder],
  ['the file of that folder', join(folder, 'diffusion_pytorch_model.safetensors')],
  ['a decoder in the original layout', original],
] as const;

describe.each(forms)('a tiny decoder from %s', (_, path) => {
  test('decodes latents of SDXL like the reference', async () => {
    const image = await decode(path, sdxlVae, planes('latents'));
    expect([1, image.channels, image.height, image.width]).toEqual(expected.get('image')?.shape);
    expectNear(image.data, floatsOf(expected, 'image'), TOLERANCE);
  });

  test('decodes latents of Playground v2.5 like the reference does those of SDXL that they are', async () => {
    const scaled = sdxlLatents(floatsOf(expected, 'playground.latents'), playgroundVae);
    expect(maxAbsDifference(scaled, floatsOf(expected, 'playground.sdxl'))).toBeLessThanOrEqual(1e-6);
    const image = await decode(path, playgroundVae, planes('playground.latents'));
    expectNear(image.data, floatsOf(expected, 'playground.image'), TOLERANCE);
  });
});

test('in tiles it decodes the whole picture: the same where one tile holds it, nearly the same in several', async () => {
  const whole = await decode(original, sdxlVae, planes('latents'));
  const one = await decode(original, { ...sdxlVae, sampleSize: 160 }, planes('latents'), true);
  expect(one).toEqual(whole);
  const several = await decode(original, { ...sdxlVae, sampleSize: 64 }, planes('latents'), true);
  expect([several.height, several.width]).toEqual([whole.height, whole.width]);
  const apart = several.data.reduce((sum, value, i) => sum + Math.abs(value - whole.data[i]), 0) / whole.data.length;
  expect(apart).toBeGreaterThan(0);
  expect(apart).toBeLessThan(0.05);
});

test('a prefix before the names of the layers is left out, and an encoder beside them', async () => {
  const tensors = [...readFixture('tiny_vae/original_decoder.safetensors')];
  const renamed = await written([
    ...tensors.map(([name, { shape, data }]) => {
      return [`taesd_decoder.${name}`, shape, new Uint8Array(data.buffer)] as const;
    }),
    ['taesd_encoder.0.weight', [6, 3, 3, 3]],
  ]);
  const image = await decode(renamed, sdxlVae, planes('latents'));
  expectNear(image.data, floatsOf(expected, 'image'), TOLERANCE);
});

describe('what is no tiny decoder of the model is refused when the model is loaded:', () => {
  test.each<[string, () => Promise<string>, string, RegExp]>([
    ['a file that is not there', async () => '/nowhere/taesdxl.safetensors', 'model_file_missing', /does not exist/],
    ['the VAE itself', async () => fixturePath('model/vae'), 'model_unsupported', /_class_name is "AutoencoderKL"/],
    [
      'an encoder alone',
      () => written([['encoder.layers.0.weight', [6, 3, 3, 3]]]),
      'model_unsupported',
      /has no decoder of a tiny autoencoder$/,
    ],
    [
      'the decoder of another family',
      () => written([['1.weight', [64, 16, 3, 3]]]),
      'model_unsupported',
      /decodes latents of 16 channels, 8 pixels each; those of this model have 4 and 8/,
    ],
    [
      'half of a decoder',
      () => written([['1.weight', [6, 4, 3, 3]]]),
      'tensor_missing',
      /decoder\.layers\.0\.bias \[6\] is missing/,
    ],
  ])('%s', async (_, path, code, message) => {
    const tinyDecoder = await path();
    const loading = loadModel(fixturePath('model'), { tinyDecoder });
    await expect(loading).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });
});

describe('a model with a tiny decoder', () => {
  const request: GenerateRequest = { prompt: 'a fox', seed: 3, steps: 2, width: 64, height: 64 };

  async function drawn(
    given: GenerateRequest,
    options: GenerateOptions = {},
    tinyDecoder: string | undefined = original,
  ) {
    const cacheDir = await temporaryFolder();
    const model = await loadModel(demoModelPath, { cacheDir, ...(tinyDecoder !== undefined && { tinyDecoder }) });
    onTestFinished(() => model.close());
    const { images, used } = await model.generate(given, options);
    return { picture: images[0], used };
  }

  test('decodes with the VAE unless a request asks for the tiny decoder, and tells which', async () => {
    const plain = await drawn(request);
    const tiny = await drawn({ ...request, decoder: 'tiny' });
    expect(plain.used.decoder).toBeUndefined();
    expect(tiny.used.decoder).toBe('tiny');
    expect([tiny.picture.width, tiny.picture.height]).toEqual([64, 64]);
    expect(tiny.picture.data).not.toEqual(plain.picture.data);
  });

  test('shows previews by it that are as large as the picture, the last of them the picture', async () => {
    const steps: StepEvent[] = [];
    const options: GenerateOptions = { previewEvery: 1, previewBy: 'tiny', onStep: (step) => steps.push(step) };
    const { picture } = await drawn({ ...request, decoder: 'tiny' }, options);
    expect(steps.map(({ preview }) => [preview?.width, preview?.height])).toEqual([
      [64, 64],
      [64, 64],
    ]);
    expect(steps.at(-1)?.preview?.data).toEqual(picture.data); // the last step goes to σ = 0, where both are the same
  });

  test('is the same in a process of its own', async () => {
    const cacheDir = await temporaryFolder();
    const host = await createEngineHost({ model: demoModelPath, load: { cacheDir, tinyDecoder: original } });
    onTestFinished(() => host.close());
    const seen: (number | undefined)[] = [];
    const onStep = ({ preview }: StepEvent) => seen.push(preview?.width);
    const { images, used } = await host.generate(
      { ...request, decoder: 'tiny' },
      { previewEvery: 1, previewBy: 'tiny', onStep },
    );
    const here = await drawn({ ...request, decoder: 'tiny' });
    expect(images[0].data).toEqual(here.picture.data);
    expect(used).toEqual(here.used);
    expect(seen).toEqual([64, 64]);
  });

  test('without one, asking for it is refused before anything runs', async () => {
    let steps = 0;
    const onStep = () => steps++;
    const help = /is tiny, but the model was loaded without a tiny decoder; load it with tinyDecoder/;
    const plain = await loadModel(fixturePath('model'));
    onTestFinished(() => plain.close());
    const refused = { code: 'invalid_request', message: expect.stringMatching(help) };
    await expect(plain.generate({ ...request, decoder: 'tiny' }, { onStep })).rejects.toMatchObject(refused);
    const previews: GenerateOptions = { onStep, previewEvery: 1, previewBy: 'tiny' };
    await expect(plain.generate(request, previews)).rejects.toMatchObject(refused);
    expect(steps).toBe(0);
  });
});

/** A safetensors file of the running test's own. */
async function written(tensors: readonly (readonly [string, readonly number[], Uint8Array?])[]): Promise<string> {
  const file = join(await temporaryFolder(), 'tiny.safetensors');
  const named = tensors.map(
    ([name, shape, bytes]): NewTensor => ({ name, dtype: 'F32', shape, ...(bytes && { bytes }) }),
  );
  await writeSafetensors(file, named);
  return file;
}

function planes(name: string): Planes {
  const { data, shape } = tensorOf(expected, name);
  const [, channels = 0, height = 0, width = 0] = shape;
  return { data: Float32Array.from(data, Number), channels, height, width };
}

async function decode(path: string, vae: VaeConfig, latents: Planes, tiling = false): Promise<Planes> {
  const decoder = await loadTinyDecoder(path, vae, { threads: 1, residency: new Residency(device, 'large') });
  onTestFinished(() => decoder.release());
  const target = { ...defaultTarget, device };
  return decoder.decode(latents, { target, hooks: {}, beforePass: async () => undefined, tiling });
}
