import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { demoModelPath } from '@easel/demo-model';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { type Acceleration, type GenerateRequest, loadModel, type PassCounts } from '../src/index.ts';
import type { RunnableModel } from '../src/loading/assemble-model.ts';
import type { PassEvent } from '../src/runtime/passes.ts';
import { fixturePath } from './fixtures.ts';

const request: GenerateRequest = { prompt: 'a fox in the forest', seed: 3, steps: 8, width: 64, height: 64 };
const models = [
  ['the embedded model', demoModelPath],
  ['the tiny model of the goldens', fixturePath('model')],
] as const;

const none: PassCounts = { full: 0, gated: 0, shallow: 0, exact: 0 };

/** Each option where it changes nothing, and together. */
const exact: readonly Acceleration[] = [
  {},
  { guidanceSigmaMin: 0, guidanceSigmaMax: 10_000 },
  { guidanceUntil: 1 },
  { reuseThreshold: 0 },
  { cacheInterval: 1 },
  { cacheInterval: 1, cacheBranch: 2 },
  { crossAttentionUntil: 1 },
];

describe.each(models)('%s', (_, path) => {
  let model: RunnableModel;
  let cacheDir: string;
  beforeAll(async () => {
    cacheDir = await mkdtemp(join(tmpdir(), 'easel-acceleration-'));
    model = await loadModel(path, { cacheDir });
  });
  afterAll(async () => {
    await model.close();
    await rm(cacheDir, { recursive: true });
  });

  async function drawn(acceleration?: Acceleration, more: Partial<GenerateRequest> = {}) {
    const { images, used } = await model.generate({ ...request, ...more, ...(acceleration && { acceleration }) });
    return { pixels: images.map(({ data }) => Buffer.from(data)), used: used.acceleration };
  }

  test('every option at its default gives the same bytes as none, alone and together, and saves nothing', async () => {
    const plain = await drawn();
    expect(plain.used).toBeUndefined();
    for (const options of [...exact, Object.assign({}, ...exact)]) {
      const { pixels, used } = await drawn(options);
      expect(pixels[0].equals(plain.pixels[0]), JSON.stringify(options)).toBe(true);
      expect(used).toEqual({ ...options, passes: { ...none, full: 16, exact: 16 } });
    }
  });

  test('guidance takes one pass instead of two after its share of the steps, and outside of its levels', async () => {
    const late = await drawn({ guidanceUntil: 0.5 });
    expect(late.used?.passes).toEqual({ ...none, full: 4 * 2 + 4, exact: 16 });
    const below = await drawn({ guidanceSigmaMax: 1 });
    const above = await drawn({ guidanceSigmaMin: 1 });
    const saved = (passes = none) => passes.exact - passes.full;
    expect(saved(below.used?.passes)).toBeGreaterThan(0);
    expect(saved(above.used?.passes)).toBeGreaterThan(0);
    expect(saved(below.used?.passes) + saved(above.used?.passes)).toBe(8);
  });

  test('without any guided step the picture is that of no guidance', async () => {
    const [unguided] = (await drawn(undefined, { guidanceScale: 1 })).pixels;
    for (const options of [{ guidanceUntil: 0 }, { guidanceSigmaMin: 9999 }]) {
      const { pixels, used } = await drawn(options);
      expect(pixels[0].equals(unguided)).toBe(true);
      expect(used?.passes).toEqual({ ...none, full: 8, exact: 16 });
    }
  });

  test('image-to-image counts the share in the steps that are run', async () => {
    const picture = { width: 64, height: 64, data: new Uint8Array(3 * 64 * 64).fill(90) };
    const { used } = await drawn({ guidanceUntil: 0.5 }, { image: { picture, strength: 0.5 } });
    expect(used?.passes).toEqual({ ...none, full: 2 * 2 + 2, exact: 8 });
  });

  test('a sample of several is the single picture of its seed, and the passes of all are counted', async () => {
    const acceleration = { guidanceUntil: 0.5, reuseThreshold: 0.2 };
    const both = await drawn(acceleration, { samples: 2 });
    const second = await drawn(acceleration, { seed: 4 });
    expect(both.pixels[1].equals(second.pixels[0])).toBe(true);
    expect(both.used?.passes.exact).toBe(32);
  });

  test('cached features leave the deep half to one pass of each interval, for each half of guidance on its own', async () => {
    const { used } = await drawn({ cacheInterval: 3, cacheBranch: 1 });
    expect(used?.passes).toEqual({ ...none, full: 3 * 2, shallow: 5 * 2, exact: 16 });
    const late = await drawn({ cacheInterval: 3, guidanceUntil: 0.25 });
    expect(late.used?.passes).toEqual({ ...none, full: 2 + 2, shallow: 2 + 4, exact: 16 });
  });

  test('after its share of the steps the cross-attention is kept, and guidance ends', async () => {
    const { used } = await drawn({ crossAttentionUntil: 0.5 });
    expect(used?.passes).toEqual({ ...none, full: 4 * 2, gated: 4, exact: 16 });
    const first = await drawn({ crossAttentionUntil: 0 });
    expect(first.used?.passes).toEqual({ ...none, full: 2, gated: 7, exact: 16 });
    const unguided = await drawn({ crossAttentionUntil: 0.5 }, { guidanceScale: 1 });
    expect(unguided.used?.passes).toEqual({ ...none, full: 4, gated: 4, exact: 8 });
  });

  test('all options together draw a picture, the same again, in fewer passes', async () => {
    const all: Acceleration = {
      guidanceSigmaMax: 20,
      guidanceUntil: 0.8,
      reuseThreshold: 0.05,
      cacheInterval: 2,
      cacheBranch: 3,
      crossAttentionUntil: 0.6,
    };
    const first = await drawn(all);
    const second = await drawn(all);
    expect(first.pixels[0].equals(second.pixels[0])).toBe(true);
    expect(first.used).toEqual(second.used);
    const { full = 0, gated = 0, shallow = 0 } = first.used?.passes ?? {};
    expect(full + gated).toBeLessThan(16);
    expect(gated + shallow).toBeGreaterThan(0);
  });

  test('a second picture of a size makes no sessions, however many parts of the network it takes', async () => {
    const acceleration: Acceleration = { cacheInterval: 2, crossAttentionUntil: 0.6 };
    let sessions = 0;
    const onPass = ({ kind, phase }: PassEvent) => {
      if (kind === 'session' && phase === 'start') sessions++;
    };
    await model.generate({ ...request, acceleration }, { onPass });
    sessions = 0;
    await model.generate({ ...request, acceleration, seed: 4 }, { onPass });
    await model.generate({ ...request, seed: 5, acceleration: { crossAttentionUntil: 1 } }, { onPass });
    await model.generate({ ...request, seed: 6, acceleration }, { onPass });
    expect(sessions).toBe(0);
  });

  test('a threshold of change saves whole steps', async () => {
    const { used } = await drawn({ reuseThreshold: 1 }, { steps: 20 });
    expect(used?.passes.exact).toBe(40);
    expect(used?.passes.full).toBeLessThan(40);
    expect(used?.passes.full).toBeGreaterThanOrEqual(4);
  });
});

test.each<[Acceleration, string]>([
  [{ guidanceUntil: 1.5 }, 'acceleration.guidanceUntil must be a number between 0 and 1 (got 1.5)'],
  [{ guidanceSigmaMin: -1 }, 'acceleration.guidanceSigmaMin must be a number between 0 and 10000 (got -1)'],
  [{ guidanceSigmaMax: Number.NaN }, 'acceleration.guidanceSigmaMax must be a number between 0 and 10000 (got NaN)'],
  [{ cacheInterval: 0 }, 'acceleration.cacheInterval must be a whole number between 1 and 20 (got 0)'],
  [{ cacheInterval: 2.5 }, 'acceleration.cacheInterval must be a whole number between 1 and 20 (got 2.5)'],
  [{ cacheBranch: 9 }, 'acceleration.cacheBranch must be a whole number between 0 and 8 (got 9)'],
  [{ crossAttentionUntil: -0.1 }, 'acceleration.crossAttentionUntil must be a number between 0 and 1 (got -0.1)'],
  [{ reuseThreshold: 2 }, 'acceleration.reuseThreshold must be a number between 0 and 1 (got 2)'],
  [
    { guidanceSigmaMin: 3, guidanceSigmaMax: 2 },
    'acceleration.guidanceSigmaMin must not be above guidanceSigmaMax (got 3 and 2)',
  ],
])('%j is refused before anything runs', async (acceleration, message) => {
  const model = await loadModel(fixturePath('model'));
  onTestFinished(() => model.close());
  const run = model.generate({ ...request, acceleration });
  await expect(run).rejects.toMatchObject({ code: 'invalid_request', message: expect.stringContaining(message) });
});

test('a name that is not an option is refused with the one that was meant', async () => {
  const model = await loadModel(fixturePath('model'));
  onTestFinished(() => model.close());
  const run = model.generate({ ...request, acceleration: JSON.parse('{"guidanceuntil":1}') });
  await expect(run).rejects.toMatchObject({
    code: 'invalid_request',
    message: expect.stringContaining('acceleration.guidanceuntil'),
    remedy: 'did you mean acceleration.guidanceUntil?',
  });
});
