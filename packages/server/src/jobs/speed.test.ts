import { describe, expect, it, test } from 'vitest';
import { DomainError } from '../domain-error.ts';
import { amountOfWork, deviceLabel, estimateMs, expectedSpeed, expiryOf, learnSpeed, speedIn } from './speed.ts';

const megapixel = { width: 1024, height: 1024 };
const speed = { msPerStepMegapixel: 1000, msPerImage: 500, runs: 3 };
/** On engines of these speeds; null: it has not run there yet. */
function expiryIn(work: Parameters<typeof expiryOf>[0], ...speeds: readonly (typeof speed | null)[]): number {
  const each = speeds.map((one) => new Map(one === null ? [] : [['exact' as const, one]]));
  return expiryOf(work, { each }, 'exact');
}

const image = { bytes: new Uint8Array(), seed: 1, ...megapixel };

describe('the estimate of a job', () => {
  it('counts each step of each sample by its pixels, and each picture', () => {
    expect(estimateMs(amountOfWork({ samples: 2, steps: 10, ...megapixel }), speed)).toBe(21_000);
    expect(estimateMs(amountOfWork({ samples: 1, steps: 10, width: 512, height: 512 }), speed)).toBe(3_000);
  });
});

describe('the estimate of a job that enlarges pictures', () => {
  const steps = (more: Partial<Parameters<typeof amountOfWork>[0]>) =>
    amountOfWork({ samples: 1, steps: 10, ...megapixel, ...more }).stepMegapixels;
  it('counts what is drawn, and the tiles as far as they are repainted', () => {
    expect(steps({ upscale: 2 })).toBeCloseTo(10 + 10 * 4 * 0.2 * 1.2);
    expect(steps({ upscale: 2, strength: 0.5 })).toBeCloseTo(10 * 4 * 0.5 * 1.2);
    expect(steps({ upscale: 4, upscaler: 'network' })).toBeCloseTo(13);
    expect(steps({ upscale: 4, upscaler: 'network', strength: 0 })).toBeCloseTo(3);
  });
});

describe('the speed of a model', () => {
  const painting = {
    model: 'easel-demo',
    profile: 'exact',
    device: { name: 'cpu', title: 'CPU', arithmetic: 'float32' },
    images: [image, image],
    steps: 20,
    denoiseMs: 40_000,
    otherMs: 2_000,
  } as const;

  it('is that of its first run', () => {
    expect(learnSpeed(null, painting, megapixel)).toEqual({ msPerStepMegapixel: 2000, msPerImage: 1000, runs: 1 });
  });

  it('follows later runs, the newest by 30 percent', () => {
    const learnt = learnSpeed(speed, painting, megapixel);
    expect(learnt.msPerStepMegapixel).toBeCloseTo(1300);
    expect(learnt.msPerImage).toBeCloseTo(650);
    expect(learnt.runs).toBe(4);
  });

  it('learns nothing of steps from a run without any', () => {
    const learnt = learnSpeed(speed, { ...painting, steps: 0, denoiseMs: 0 }, megapixel);
    expect(learnt.msPerStepMegapixel).toBeCloseTo(1000);
  });
});

test('a profile in which the model has not run is taken to be as fast as the slowest one in which it has', () => {
  const fast = { ...speed, msPerStepMegapixel: 80 };
  const speeds = new Map([
    ['fast', fast],
    ['exact', speed],
  ] as const);
  expect(speedIn(speeds, 'fast')).toBe(fast);
  expect(speedIn(speeds, 'int8')).toBe(speed);
  expect(speedIn(new Map(), 'int8')).toBeNull();
});

test('of engines of different speed it is expected that together they do as many jobs', () => {
  const card = new Map([['exact', { ...speed, msPerStepMegapixel: 100 }]] as const);
  const processor = new Map([['exact', { ...speed, msPerStepMegapixel: 1000 }]] as const);
  const together = expectedSpeed({ each: [card, processor, new Map()], engines: 3 }, 'exact');
  // 10 and 1 of a second, on two engines.
  expect(together?.msPerStepMegapixel).toBeCloseTo(2000 / 11);
  expect(together?.msPerImage).toBeCloseTo(500);
  expect(expectedSpeed({ each: [new Map()], engines: 1 }, 'exact')).toBeNull();
});

test('a device is known by what its speed depends on', () => {
  expect(deviceLabel({ name: 'cpu', arithmetic: 'float32' })).toBe('cpu');
  expect(deviceLabel({ name: 'cuda', arithmetic: 'float16', adapter: 'NVIDIA A10' })).toBe('cuda float16 NVIDIA A10');
});

describe('the time after which a run is taken for hung', () => {
  it('is ten times its estimate, and a quarter of an hour at least', () => {
    expect(expiryIn({ samples: 1, steps: 10, ...megapixel }, speed)).toBe(900);
    expect(expiryIn({ samples: 4, steps: 100, ...megapixel }, speed)).toBe(4020);
  });

  it('is a day when nothing is known of the model', () => {
    expect(expiryIn({ samples: 4, steps: 100, ...megapixel })).toBe(86_400);
  });

  it('cannot be more than a day: such a job is refused', () => {
    const slow = { ...speed, msPerStepMegapixel: 100_000 };
    expect(() => expiryIn({ samples: 4, steps: 100, ...megapixel }, slow)).toThrow(DomainError);
    expect(() => expiryIn({ samples: 4, steps: 100, ...megapixel }, slow)).toThrow(/11\.1 hours.*2\.4/);
  });

  it('is that of the slowest engine, and a job is refused only when the fastest would take too long', () => {
    const work = { samples: 4, steps: 100, ...megapixel };
    const slow = { ...speed, msPerStepMegapixel: 10_000 };
    expect(expiryIn(work, speed, slow)).toBe(40_020);
    expect(expiryIn(work, speed, { ...speed, msPerStepMegapixel: 100_000 })).toBe(86_400);
    expect(expiryIn(work, speed, null)).toBe(86_400);
  });
});
