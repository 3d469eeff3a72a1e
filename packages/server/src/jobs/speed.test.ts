import { describe, expect, it, test } from 'vitest';
import { DomainError } from '../domain-error.ts';
import { amountOfWork, estimateMs, expiryOf, learnSpeed, speedIn } from './speed.ts';

const megapixel = { width: 1024, height: 1024 };
const speed = { msPerStepMegapixel: 1000, msPerImage: 500, runs: 3 };
const image = { bytes: new Uint8Array(), seed: 1, ...megapixel };

describe('the estimate of a job', () => {
  it('counts each step of each sample by its pixels, and each picture', () => {
    expect(estimateMs(amountOfWork({ samples: 2, steps: 10, ...megapixel }), speed)).toBe(21_000);
    expect(estimateMs(amountOfWork({ samples: 1, steps: 10, width: 512, height: 512 }), speed)).toBe(3_000);
  });
});

describe('the speed of a model', () => {
  const painting = {
    model: 'easel-demo',
    profile: 'exact',
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

describe('the time after which a run is taken for hung', () => {
  it('is ten times its estimate, and a quarter of an hour at least', () => {
    expect(expiryOf({ samples: 1, steps: 10, ...megapixel }, speed)).toBe(900);
    expect(expiryOf({ samples: 4, steps: 100, ...megapixel }, speed)).toBe(4020);
  });

  it('is a day when nothing is known of the model', () => {
    expect(expiryOf({ samples: 4, steps: 100, ...megapixel }, null)).toBe(86_400);
  });

  it('cannot be more than a day: such a job is refused', () => {
    const slow = { ...speed, msPerStepMegapixel: 100_000 };
    expect(() => expiryOf({ samples: 4, steps: 100, ...megapixel }, slow)).toThrow(DomainError);
    expect(() => expiryOf({ samples: 4, steps: 100, ...megapixel }, slow)).toThrow(/11\.1 hours.*2\.4/);
  });
});
