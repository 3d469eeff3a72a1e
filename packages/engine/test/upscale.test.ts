import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { demoModelPath } from '@easel/demo-model';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cropPicture, resizeLanczos } from '../src/image/lanczos.ts';
import type { DecodedPicture } from '../src/image/picture.ts';
import { loadModel } from '../src/load-model.ts';
import { loadUpscaler } from '../src/load-upscaler.ts';
import type { GenerateRequest, Model } from '../src/model.ts';
import { fixturePath, maxAbsDifference } from './fixtures.ts';

const network = fixturePath('upscaler/x4.safetensors');
let model: Model;
let cacheDir: string;
beforeAll(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'easel-upscale-'));
  model = await loadModel(demoModelPath, { threads: 1, cacheDir, device: 'cpu', upscaler: network });
});
afterAll(async () => {
  await model.close();
  await rm(cacheDir, { recursive: true });
});

/** Smooth, so that a seam would be seen. */
function gradient(width: number, height: number): DecodedPicture {
  const data = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      data.set([(160 * x) / width + 40, (160 * y) / height + 40, 120], 3 * (y * width + x));
  return { width, height, data };
}

/** The mean step between neighbouring columns, by column. */
function stepsOf({ width, height, data }: DecodedPicture): number[] {
  return Array.from({ length: width - 1 }, (_, x) => {
    let sum = 0;
    for (let y = 0; y < height; y++)
      for (let channel = 0; channel < 3; channel++)
        sum += Math.abs((data[3 * (y * width + x + 1) + channel] ?? 0) - (data[3 * (y * width + x) + channel] ?? 0));
    return sum / (3 * height);
  });
}

describe('by the model, in tiles', () => {
  test('a picture is drawn and enlarged without seams, and another run makes the same one', async () => {
    const size = { width: 128, height: 128 };
    const request = { prompt: 'a red apple on a blue background', seed: 3, steps: 6, upscale: 4, ...size } as const;
    const steps: number[] = [];
    const onStep = ({ index, total }: { index: number; total: number }) => steps.push(index / total);
    const { images, used } = await model.generate(request, { onStep });
    const [made] = images;
    expect(made).toMatchObject({ width: 512, height: 512, seed: 3n });
    expect(used).toMatchObject({ ...size, upscale: 4, upscaler: 'model' });
    expect(steps).toEqual(steps.toSorted((a, b) => a - b));
    expect(steps.at(-1)).toBe(1);
    const less = { ...request, upscale: 2 } as const;
    const [one, two] = [await model.generate(less), await model.generate({ ...less, samples: 2, seed: 2 })];
    expect(two.images.map(({ seed }) => seed)).toEqual([2n, 3n]);
    expect(two.images[1]?.data).toEqual(one.images[0]?.data);
  });

  test('what acceleration has spared is told of all tiles, and of the picture that was drawn', async () => {
    const request = { prompt: 'a pear', seed: 2, steps: 10, guidanceScale: 3, upscale: 2 } as const;
    const acceleration = { cacheInterval: 2 };
    const passesOf = async (more: Partial<GenerateRequest>) => {
      const { used } = await model.generate({ ...request, ...more, acceleration });
      return used.acceleration?.passes.exact;
    };
    // Two passes a step; of 10 steps the tiles run 2, at strength 0.2. A picture of 128×128 is one tile, of 160×128 two.
    expect(await passesOf({ image: { picture: gradient(128, 128) } })).toBe(4);
    expect(await passesOf({ image: { picture: gradient(160, 128) } })).toBe(8);
    expect(await passesOf({ width: 128, height: 128 })).toBe(20 + 4);
  });

  test('where tiles meet the picture is as smooth as elsewhere', async () => {
    const picture = gradient(256, 96);
    const request = { prompt: 'a blue sky', seed: 1, steps: 10, upscale: 2, image: { picture } } as const;
    const [made] = (await model.generate(request)).images;
    if (!made) throw new Error('there is no picture');
    const steps = stepsOf(made);
    // of 256 pixels each, from 0, 128 and 256
    const seams = [127, 255, 383].map((x) => Math.max(...steps.slice(x - 1, x + 2)));
    const usual = steps.toSorted((a, b) => a - b)[Math.floor(0.95 * steps.length)] ?? 0;
    expect(Math.max(...seams) / usual).toBeLessThan(1.5);
  });

  test('of strength 0 only Lanczos is left, of any size', async () => {
    const picture = gradient(37, 61);
    const request = { prompt: '', seed: 1, upscale: 4, image: { picture, strength: 0 } } as const;
    const { images, used } = await model.generate(request);
    expect(images[0]?.data).toEqual(resizeLanczos(picture, 148, 244).data);
    expect(used).toMatchObject({ width: 37, height: 61, stepsRun: 0, strength: 0 });
  });

  test('of the few steps of a distilled model at least one is run', async () => {
    const request = { prompt: 'x', seed: 1, steps: 1, upscale: 2, image: { picture: gradient(64, 64) } } as const;
    expect((await model.generate(request)).used).toMatchObject({ steps: 5, stepsRun: 1, strength: 0.2 });
  });

  test('a picture whose sides are not multiples of 8 keeps its shape', async () => {
    const picture = gradient(75, 41);
    const request = { prompt: 'x', seed: 1, steps: 4, upscale: 2, image: { picture }, guidanceScale: 1 } as const;
    const [made] = (await model.generate(request)).images;
    expect([made?.width, made?.height, made?.data.length]).toEqual([150, 82, 3 * 150 * 82]);
  });
});

describe('by a network', () => {
  const picture = gradient(150, 60);

  test('it is enlarged by 2 and by 4, whatever the network does in one pass', async () => {
    for (const [file, by] of [
      ['x4', 2],
      ['x4', 4],
      ['x2_folded', 2],
      ['x2_folded', 4],
    ] as const) {
      const upscaler = await loadUpscaler(fixturePath(`upscaler/${file}.safetensors`), { threads: 1 });
      const tiles: string[] = [];
      const made = await upscaler.upscale(picture, { by, onTile: (done, of) => tiles.push(`${done} of ${of}`) });
      await upscaler.close();
      expect([made.width, made.height]).toEqual([150 * by, 60 * by]);
      expect(tiles.at(-1)).toBe(`${tiles.length} of ${tiles.length}`);
      expect(tiles.length).toBe(file === 'x2_folded' && by === 4 ? 5 : 2);
    }
  });

  test('its tiles meet as if it were one', async () => {
    const upscaler = await loadUpscaler(network, { threads: 1 });
    const whole = await upscaler.upscale(picture); // tiles meet at 128
    const part = await upscaler.upscale(cropPicture(picture, { left: 88, top: 0, right: 150, bottom: 60 })); // one tile
    await upscaler.close();
    const around = (of: DecodedPicture, left: number) =>
      cropPicture(of, { left: 4 * left, top: 0, right: 4 * (left + 20), bottom: 240 });
    expect(maxAbsDifference(around(whole, 118).data, around(part, 30).data)).toBeLessThanOrEqual(2);
  });

  test('the model only repaints what it made where a strength says so', async () => {
    const upscaler = await loadUpscaler(network, { threads: 1 });
    const alone = await upscaler.upscale(picture, { by: 2 });
    await upscaler.close();
    const request = { prompt: 'x', seed: 1, steps: 4, upscale: 2, upscaler: 'network' } as const;
    const plain = await model.generate({ ...request, image: { picture } });
    expect(plain.images[0]?.data).toEqual(alone.data);
    expect(plain.used).toMatchObject({ stepsRun: 0, upscaler: 'network' });
    const painted = await model.generate({ ...request, image: { picture, strength: 0.5 } });
    expect(painted.used).toMatchObject({ stepsRun: 2, strength: 0.5 });
    expect(painted.images[0]?.data).not.toEqual(alone.data);
  });
});

test('a cancelled run ends between two tiles', async () => {
  const controller = new AbortController();
  const request = { prompt: 'x', steps: 4, upscale: 4, image: { picture: gradient(96, 96) } } as const;
  const run = model.generate(request, { signal: controller.signal, onStep: () => controller.abort() });
  await expect(run).rejects.toMatchObject({ code: 'cancelled' });
});

const mask = { width: 8, height: 8, data: new Uint8Array(64).fill(255) };
const image = { picture: gradient(64, 64) };

test.each<[string, Partial<GenerateRequest>, string, RegExp]>([
  [
    'a picture that would be too large',
    { upscale: 4, image: { picture: gradient(1032, 1024) } },
    'upscale',
    /16777216/,
  ],
  ['one with a side that would', { upscale: 4, image: { picture: gradient(2056, 8) } }, 'upscale', /at most 8192/],
  ['a mask', { upscale: 2, image: { ...image, mask } }, 'upscale', /cannot be used with a mask/],
  ['a size that would be ignored', { upscale: 2, image, width: 64 }, 'width', /enlarged as it is/],
  ['an upscaler alone', { upscaler: 'model' }, 'upscaler', /upscaler needs upscale/],
  ['a bad strength', { upscale: 2, image: { ...image, strength: 2 } }, 'strength', /between 0 and 1/],
  [
    'copies',
    { upscale: 2, image: { ...image, strength: 0 }, samples: 2 },
    'samples',
    /must be 1.* with strength 0: all/,
  ],
  ['copies of a network', { upscale: 2, upscaler: 'network', image, seeds: [1, 2] }, 'samples', /by a network alone/],
  ['too many samples', { upscale: 2, image, samples: 9 }, 'samples', /samples must be/],
])('%s is refused', async (_, change, param, says) => {
  await expect(model.generate({ prompt: 'x', ...change })).rejects.toMatchObject({
    code: 'invalid_request',
    message: expect.stringMatching(says),
    details: { param },
  });
});

test('a model without a network refuses to enlarge with one', async () => {
  const plain = await loadModel(demoModelPath, { threads: 1, cacheDir, device: 'cpu' });
  const run = plain.generate({ prompt: 'x', upscale: 2, upscaler: 'network' });
  await expect(run).rejects.toMatchObject({ code: 'invalid_request', details: { param: 'upscaler' } });
  await plain.close();
  const wrong = loadModel(demoModelPath, {
    cacheDir,
    device: 'cpu',
    upscaler: fixturePath('upscaler/expected.safetensors'),
  });
  await expect(wrong).rejects.toMatchObject({ code: 'model_unsupported' });
});
