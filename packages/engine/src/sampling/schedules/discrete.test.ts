import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sdxlNoise } from '../../../test/sdxl-noise.ts';
import { samplerEntry, samplersFor } from '../samplers/table.ts';
import { type DiscreteNoise, discreteLevels, trainedLevels } from './discrete.ts';

const names = samplersFor('discrete');
const traitsOf = (name: (typeof names)[number]) => {
  const { traits } = samplerEntry(name);
  if (traits.kind === 'discrete') return traits;
  throw new Error(`${name} is for other noise`);
};
const solver = { finalSigmas: 'zero', eta: undefined } as const;

test('the levels of SDXL go from 0.0292 to 14.6146', () => {
  const levels = trainedLevels(sdxlNoise, traitsOf('euler'));
  expect(levels).toHaveLength(1000);
  expect(levels[0]).toBeCloseTo(0.02917, 5);
  expect(levels[999]).toBeCloseTo(14.6146, 4);
});

test('rescaled betas leave the first level and make the last pure noise', () => {
  const plain = trainedLevels(sdxlNoise, traitsOf('euler'));
  const euler = trainedLevels({ ...sdxlNoise, zeroSnr: true }, traitsOf('euler'));
  expect(Math.abs(euler[0] / plain[0] - 1)).toBeLessThan(1e-3);
  expect(euler[999]).toBeCloseTo(4096, 2); // as far as the reference goes where it divides by what is left of the picture
  expect(trainedLevels({ ...sdxlNoise, zeroSnr: true }, traitsOf('ddim'))[999]).toBe(2 ** 30);
});

test('trailing timesteps are as many as asked for, also where rounding falls badly', () => {
  const { timesteps } = discreteLevels({ ...sdxlNoise, spacing: 'trailing' }, traitsOf('euler'), solver, 61);
  expect(timesteps).toHaveLength(61);
  expect(timesteps[60]).toBe(15);
});

test('levels and timesteps fall, whatever the sampler, the spacing and the number of steps', () => {
  const noises = fc.record({
    spacing: fc.constantFrom<DiscreteNoise['spacing']>('leading', 'trailing', 'linspace'),
    bySigma: fc.constantFrom<DiscreteNoise['bySigma']>(undefined, 'karras', 'exponential'),
    setAlphaToOne: fc.boolean(),
    originalSteps: fc.constantFrom(100, 200, 1000),
  });
  fc.assert(
    fc.property(fc.constantFrom(...names), noises, fc.integer({ min: 1, max: 100 }), (name, changes, steps) => {
      const { sigmas, timesteps, arrivals } = discreteLevels(
        { ...sdxlNoise, ...changes },
        traitsOf(name),
        solver,
        steps,
      );
      expect(sigmas).toHaveLength(steps + 1);
      expect(timesteps).toHaveLength(steps);
      for (let i = 1; i < steps; i++) expect(timesteps[i]).toBeLessThanOrEqual(timesteps[i - 1]);
      for (let i = 0; i < steps - 1; i++) expect(sigmas[i + 1]).toBeLessThan(sigmas[i]);
      expect(sigmas[steps]).toBeLessThanOrEqual(sigmas[steps - 1]);
      arrivals?.forEach((arrival, i) => {
        expect(arrival).toBeLessThanOrEqual(sigmas[i]);
      });
      expect(sigmas.every((sigma) => Number.isFinite(sigma) && sigma >= 0)).toBe(true);
    }),
    { numRuns: 300 },
  );
});
