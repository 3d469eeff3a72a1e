import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  EngineError,
  type GenerateRequest,
  type LoadOptions,
  loadModel,
  type Model,
  type StepEvent,
} from '../src/index.ts';
import { createGenerator } from '../src/random/torch-generator.ts';
import { fixturePath } from './fixtures.ts';

const demo = fileURLToPath(new URL('../../demo-model/model', import.meta.url));
const apple: GenerateRequest = {
  prompt: 'a red apple on a blue background',
  seed: 7,
  steps: 4,
  width: 128,
  height: 128,
};
let model: Model;
let cacheDir: string;

beforeAll(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'easel-model-'));
  model = await loadModel(demo, { cacheDir });
});
afterAll(async () => {
  await model.close();
  await rm(cacheDir, { recursive: true });
});

const pixelsOf = async (request: GenerateRequest, from = model) =>
  (await from.generate(request)).images.map(({ data }) => Buffer.from(data));

describe('seeds and samples', () => {
  test('sample k of a request is byte for byte the picture of a single request with seed + k', async () => {
    const together = await model.generate({ ...apple, samples: 4 });
    expect(together.images.map(({ seed }) => seed)).toEqual([7n, 8n, 9n, 10n]);
    for (const [k, image] of together.images.entries()) {
      const [alone] = await pixelsOf({ ...apple, seed: 7 + k });
      expect(alone.equals(image.data), `sample ${k}`).toBe(true);
    }
  });

  test('the same request gives the same bytes, another seed others', async () => {
    const [first] = await pixelsOf(apple);
    const [second] = await pixelsOf(apple);
    const [other] = await pixelsOf({ ...apple, seed: 8 });
    expect(first.equals(second)).toBe(true);
    expect(first.equals(other)).toBe(false);
  });

  test('variations lie between two pictures: at strength 0 the one, at 1 the other', async () => {
    const small = { ...apple, steps: 2 };
    const [one] = await pixelsOf(small);
    const [other] = await pixelsOf({ ...small, seed: 90 });
    const varied = (variationStrength: number) => ({ ...small, variationSeed: 90, variationStrength });
    expect((await pixelsOf(varied(0)))[0]?.equals(one)).toBe(true);
    expect((await pixelsOf(varied(1)))[0]?.equals(other)).toBe(true);
    const { images } = await model.generate({ ...varied(0.2), samples: 2 });
    expect(images.map(({ seed, variationSeed }) => [seed, variationSeed])).toEqual([
      [7n, 90n],
      [7n, 91n],
    ]);
    const distance = (a: Uint8Array, b: Uint8Array) => a.reduce((sum, value, i) => sum + Math.abs(value - b[i]), 0);
    const [near] = images;
    expect(distance(near.data, one)).toBeGreaterThan(0);
    expect(distance(near.data, one)).toBeLessThan(distance(near.data, other));
  });

  test('the last seed is followed by 0', async () => {
    const { images } = await model.generate({ ...apple, steps: 1, seed: 2n ** 64n - 1n, samples: 2 });
    expect(images.map(({ seed }) => seed)).toEqual([2n ** 64n - 1n, 0n]);
  });

  test('without a seed one is drawn, told, and makes the picture again', async () => {
    const { images } = await model.generate({ prompt: 'a boat', steps: 2 });
    const [{ seed, data }] = images;
    if (seed === null) throw new Error('no seed was told');
    expect(seed).toBeLessThan(2n ** 32n);
    const [again] = await pixelsOf({ prompt: 'a boat', steps: 2, seed });
    expect(again.equals(data)).toBe(true);
  });

  test('given latents are the noise a seed would have drawn', async () => {
    const latents = createGenerator(7).randn(4 * 16 * 16);
    const given = await model.generate({ ...apple, seed: 99, latents });
    const [drawn] = await pixelsOf(apple);
    expect(given.images[0].seed).toBeNull();
    expect(drawn.equals(given.images[0].data)).toBe(true);
  });

  test('a shared generator continues one stream: the first sample equals the single picture, the second does not', async () => {
    const [first, second] = await pixelsOf({ ...apple, samples: 2, generator: 'shared' });
    const [single, next] = await pixelsOf({ ...apple, samples: 2 });
    expect(first.equals(single)).toBe(true);
    expect(second.equals(next)).toBe(false);
  });
});

describe('negative prompt and guidance', () => {
  test('absent, null and empty: the first two are the same, the third is encoded and differs', async () => {
    const [absent] = await pixelsOf(apple);
    const [none] = await pixelsOf({ ...apple, negativePrompt: null });
    const [empty] = await pixelsOf({ ...apple, negativePrompt: '' });
    expect(absent.equals(none)).toBe(true);
    expect(absent.equals(empty)).toBe(false);
  });

  test('without guidance the negative prompt is not used', async () => {
    const [plain] = await pixelsOf({ ...apple, guidanceScale: 1 });
    const [negated] = await pixelsOf({ ...apple, guidanceScale: 1, negativePrompt: 'apple' });
    expect(plain.equals(negated)).toBe(true);
  });

  test('an empty second prompt is the first', async () => {
    const [one] = await pixelsOf(apple);
    const [two] = await pixelsOf({ ...apple, prompt2: '' });
    expect(one.equals(two)).toBe(true);
  });
});

describe('progress', () => {
  test('every step of every sample is told, with noise falling and the time to go', async () => {
    const steps: StepEvent[] = [];
    await model.generate({ ...apple, samples: 2 }, { onStep: (step) => steps.push(step) });
    expect(steps.map(({ index, total, sample }) => [index, total, sample])).toEqual([
      [1, 8, 0],
      [2, 8, 0],
      [3, 8, 0],
      [4, 8, 0],
      [5, 8, 1],
      [6, 8, 1],
      [7, 8, 1],
      [8, 8, 1],
    ]);
    expect(steps[0].sigma).toBeCloseTo(80, 3);
    expect(steps[3].sigma).toBeCloseTo(0.002, 6);
    expect(steps.every(({ etaMs }) => etaMs > 0)).toBe(true);
    expect(steps.every(({ preview }) => preview === undefined)).toBe(true);
  });

  test('previews come as often as asked, look like the picture, and their map is fitted once', async () => {
    const steps: StepEvent[] = [];
    const { images } = await model.generate(
      { ...apple, steps: 9 },
      { onStep: (step) => steps.push(step), previewEvery: 4 },
    );
    expect(steps.flatMap(({ index, preview }) => (preview ? [index] : []))).toEqual([4, 8, 9]);
    const last = steps.at(-1)?.preview;
    if (!last) throw new Error('the last step had no preview');
    expect([last.width, last.height]).toEqual([16, 16]);
    expect(meanDifference(last, images[0])).toBeLessThan(25);
    expect(await readdir(join(cacheDir, 'previews'))).toHaveLength(1);
  });
});

describe('cancelling', () => {
  test('an aborted signal ends the run with `cancelled`, before it starts and between passes', async () => {
    await expect(model.generate(apple, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'cancelled' });
    const controller = new AbortController();
    const steps: number[] = [];
    const run = model.generate(
      { ...apple, steps: 50 },
      {
        signal: controller.signal,
        onStep: ({ index }) => {
          steps.push(index);
          if (index === 3) controller.abort();
        },
      },
    );
    await expect(run).rejects.toMatchObject({ code: 'cancelled' });
    expect(steps).toEqual([1, 2, 3]);
  });
});

describe('preparing', () => {
  test('a prepared size needs no session any more when its picture is asked for', async () => {
    const fresh = await loadModel(demo, { cacheDir });
    await fresh.prepare({ width: 72, height: 64 });
    const passes: string[] = [];
    const request = { ...apple, width: 72, height: 64, steps: 1 };
    await fresh.generate(request, { onPass: ({ kind, phase }) => passes.push(`${kind} ${phase}`) });
    expect(passes).not.toContain('session start');
    expect(passes.filter((pass) => pass === 'unet start')).toHaveLength(2);
    await fresh.close();
  });

  test('preparing is cancelled by its signal and refuses sizes that cannot be', async () => {
    const size = { width: 80, height: 80 };
    await expect(model.prepare(size, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'cancelled' });
    await expect(model.prepare({ ...size, width: 100 })).rejects.toMatchObject({ code: 'invalid_request' });
  });
});

describe('sizes', () => {
  test.each([
    [64, 64],
    [64, 200],
    [136, 72],
    [192, 128],
  ])('%i×%i', async (width, height) => {
    const { images, used } = await model.generate({ ...apple, steps: 2, width, height });
    expect(used).toMatchObject({ width, height });
    expect(images[0].data).toHaveLength(width * height * 3);
  });

  test('a size that the model does not draw is refused with what it draws and what helps', async () => {
    const big = model.generate({ ...apple, width: 1024, height: 1024 });
    await expect(big).rejects.toMatchObject({
      code: 'invalid_request',
      details: { param: 'width' },
      message: expect.stringContaining('between 64 and 256 (got 1024)'),
      remedy: expect.stringContaining('full-size model such as Playground v2.5'),
    });
    await expect(model.prepare({ width: 256, height: 264 })).rejects.toMatchObject({ details: { param: 'height' } });
    expect(model.info.sizes).toMatchObject({ minSide: 64, maxSide: 256, isLimit: true });
  });

  test.each([
    [800, 600, 256, 200],
    [3000, 2000, 256, 176],
    [30, 40, 200, 256],
    [256, 256, 256, 256],
  ])('from a photo of %d×%d without a size it draws %d×%d', async (width, height, toWidth, toHeight) => {
    const picture = { width, height, data: new Uint8Array(width * height * 3).fill(90) };
    const { used, images } = await model.generate({ prompt: 'x', seed: 1, steps: 1, image: { picture } });
    expect(used).toMatchObject({ width: toWidth, height: toHeight, steps: 1, stepsRun: 0 });
    expect(images[0].data).toHaveLength(toWidth * toHeight * 3);
  });

  test('image-to-image: strength 0 keeps it, strength 1 forgets it', async () => {
    const [picture] = (await model.generate({ ...apple, steps: 12 })).images; // 128×128
    const again = (strength: number) =>
      model.generate({
        prompt: 'a green tree on a yellow background',
        seed: 3,
        steps: 12,
        width: 128,
        height: 128,
        image: { picture, strength },
      });
    const [kept, changed, forgotten] = [await again(0), await again(0.5), await again(1)].map(
      ({ images }) => images[0],
    );
    const distance = [kept, changed, forgotten].map((image) => meanDifference(picture, image));
    expect(distance[0]).toBeLessThan(15);
    expect(distance[1]).toBeGreaterThan(distance[0]);
    expect(distance[2]).toBeGreaterThan(distance[1]);
  });
});

describe('texts', () => {
  test('what is past the limit is told, once for both encoders, and counted', async () => {
    const prompt = `${'apple '.repeat(80)}lighthouse`;
    const { truncated } = await model.generate({ prompt, steps: 1, seed: 1 });
    expect(truncated).toHaveLength(1);
    expect(truncated[0].field).toBe('prompt');
    expect(truncated[0].text).toMatch(/lighthouse$/);
    const [first, second] = await model.tokenize('a red apple!');
    expect([first.limit, second.limit]).toEqual([75, 75]);
    expect(first).toMatchObject({ count: 4, truncated: '' });
  });
});

const refusals: readonly [string, GenerateRequest, string][] = [
  ['0 steps', { ...apple, steps: 0 }, 'steps'],
  ['101 steps', { ...apple, steps: 101 }, 'steps'],
  ['half a step', { ...apple, steps: 2.5 }, 'steps'],
  ['a width that is no multiple of 8', { ...apple, width: 100 }, 'width'],
  ['a size below 64', { ...apple, height: 56 }, 'height'],
  ['a size above 2048', { ...apple, width: 2056 }, 'width'],
  ['a guidance above 25', { ...apple, guidanceScale: 25.5 }, 'guidanceScale'],
  ['a guidance that is no number', { ...apple, guidanceScale: Number.NaN }, 'guidanceScale'],
  ['a rescale above 1', { ...apple, guidanceRescale: 1.1 }, 'guidanceRescale'],
  ['5 samples', { ...apple, samples: 5 }, 'samples'],
  ['a fractional seed', { ...apple, seed: 0.5 }, 'seed'],
  ['a seed past 2^64', { ...apple, seed: 2n ** 64n }, 'seed'],
  ['a prompt of 20001 characters', { prompt: 'x'.repeat(20_001) }, 'prompt'],
  ['a scheduler that does not exist', { ...apple, ...JSON.parse('{"scheduler":"ddim"}') }, 'scheduler'],
  ['a solver order of 4', { ...apple, ...JSON.parse('{"schedulerOverrides":{"solverOrder":4}}') }, 'solverOrder'],
  ['a prompt that is no string', JSON.parse('{"prompt":5}'), 'prompt'],
  ['a fractional crop', { ...apple, microConditioning: { cropTopLeft: [0.5, 0] } }, 'cropTopLeft'],
  ['two seeds for three samples', { prompt: 'x', seeds: [1, 2], samples: 3 }, 'seeds'],
  ['too few latents', { ...apple, latents: new Float32Array(4) }, 'latents'],
  ['latents that are not finite', { ...apple, latents: new Float32Array(1024).fill(Number.NaN) }, 'latents'],
  [
    'a picture with missing bytes',
    { ...apple, image: { picture: { width: 64, height: 64, data: new Uint8Array(5) } } },
    'image',
  ],
  [
    'a picture of no pixels',
    { ...apple, image: { picture: { width: 0, height: 0, data: new Uint8Array() } } },
    'image',
  ],
  ['a field that there is not', { ...apple, ...JSON.parse('{"step":3}') }, 'step'],
  ['an unknown field of the image', JSON.parse('{"prompt":"x","image":{"strenght":1}}'), 'image.strenght'],
];

test.each([
  ['step', 'steps'],
  ['negative_prompt', 'negativePrompt'],
  ['num_inference_steps', 'steps'],
  ['cfg_scale', 'guidanceScale'],
  ['sampler', 'scheduler'],
  ['widht', 'width'],
])('the field %s is refused with the one that was meant: %s', async (name, meant) => {
  await expect(model.generate({ ...apple, ...JSON.parse(`{"${name}":3}`) })).rejects.toMatchObject({
    code: 'invalid_request',
    message: `${name} is not a field here`,
    remedy: `did you mean ${meant}?`,
  });
  await expect(model.generate({ ...apple, ...JSON.parse('{"wondrous":1}') })).rejects.toMatchObject({
    message: expect.stringMatching(/^wondrous is not a field here/),
    remedy: expect.stringMatching(/^the fields are prompt, prompt2, /),
  });
});

describe('a bad request is refused before anything runs, naming the field:', () => {
  test.each(refusals)('%s', async (_, request, param) => {
    let steps = 0;
    const run = model.generate(request, { onStep: () => steps++ });
    await expect(run).rejects.toMatchObject({ code: 'invalid_request', details: { param } });
    expect(steps).toBe(0);
  });
});

test('a folder and a single file of the same weights give the same bytes', async () => {
  const request: GenerateRequest = {
    prompt: 'hello!world!!',
    negativePrompt: 'no!',
    width: 72,
    height: 88,
    steps: 3,
    seed: 5,
  };
  const folder = await loadModel(fixturePath('model'), { cacheDir });
  const single = await loadModel(fixturePath('single_file/playground-v2.5-tiny.fp16.safetensors'), { cacheDir });
  const [fromFolder] = await pixelsOf(request, folder);
  const [fromFile] = await pixelsOf(request, single);
  expect(fromFile.equals(fromFolder)).toBe(true);
  await folder.close();
  await single.close();
});

test('half- and full-precision files of the same weights give the same bytes', async () => {
  const request: GenerateRequest = { prompt: 'x', width: 64, height: 64, steps: 2, seed: 5 };
  const half = await loadModel(fixturePath('model'), { cacheDir, variant: 'fp16' });
  const full = await loadModel(fixturePath('model'), { cacheDir, variant: 'fp32' });
  expect(half.info.components.at(-1)?.precision).toBe('F16');
  expect(full.info.components.at(-1)?.precision).toBe('F32');
  const [fromHalf] = await pixelsOf(request, half);
  const [fromFull] = await pixelsOf(request, full);
  expect(fromHalf.equals(fromFull)).toBe(true);
  await half.close();
  await full.close();
});

test('a closed model says so', async () => {
  const closed = await loadModel(demo, { cacheDir });
  await closed.close();
  await closed.close();
  await expect(closed.generate(apple)).rejects.toThrow(EngineError);
  await expect(closed.generate(apple)).rejects.toMatchObject({ code: 'engine_closed' });
});

interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** Mean absolute difference of 8-bit values, the larger picture averaged down to the smaller. */
function meanDifference(small: Pixels, large: Pixels): number {
  const scale = large.width / small.width;
  let sum = 0;
  for (let index = 0; index < small.data.length; index++) {
    const [x, y] = [Math.floor(index / 3) % small.width, Math.floor(index / 3 / small.width)];
    let mean = 0;
    for (let dy = 0; dy < scale; dy++) {
      for (let dx = 0; dx < scale; dx++) {
        mean += large.data[((y * scale + dy) * large.width + x * scale + dx) * 3 + (index % 3)] / scale ** 2;
      }
    }
    sum += Math.abs(small.data[index] - mean);
  }
  return sum / small.data.length;
}

test.each<[string, LoadOptions, string]>([
  ...[0, -1, 1.5, Number.NaN, 257].map((threads): [string, LoadOptions, string] => [
    String(threads),
    { threads },
    'threads must be a whole number between 1 and 256',
  ]),
  ['"2"', JSON.parse('{"threads":"2"}'), 'threads must be a whole number between 1 and 256'],
  ['"off"', JSON.parse('{"textCache":"off"}'), 'textCache must be true or false (got "off")'],
])('a model is not loaded with %s for a setting', async (_, options, message) => {
  await expect(loadModel(demo, options)).rejects.toMatchObject({
    code: 'invalid_request',
    message: expect.stringContaining(message),
  });
});
