import fc from 'fast-check';
import { expect, test } from 'vitest';
import { denoisedFrom, networkInput, noiseCondition, preconditioning } from './preconditioning.ts';

const playground = { sigmaData: 0.5, predictionType: 'epsilon' } as const;
const levels = fc.double({ min: 0.002, max: 80, noNaN: true });

test('network input and training target have unit variance at every level', () => {
  fc.assert(
    fc.property(levels, (sigma) => {
      const { cIn, cSkip, cOut } = preconditioning(sigma, playground);
      // Karras et al. 2022, eq. 114, 117 and 131: x = data + σ·noise, target (data − cSkip·x)/cOut
      expect(cIn ** 2 * (0.25 + sigma ** 2)).toBeCloseTo(1, 12);
      expect(((1 - cSkip) ** 2 * 0.25 + (cSkip * sigma) ** 2) / cOut ** 2).toBeCloseTo(1, 12);
    }),
  );
});

test('v_prediction changes the sign of the output only', () => {
  const epsilon = preconditioning(3, playground);
  const velocity = preconditioning(3, { ...playground, predictionType: 'v_prediction' });
  expect(velocity).toEqual({ ...epsilon, cOut: -epsilon.cOut });
});

test('the noise condition goes from 1.0955 at σ 80 to −1.5537 at σ 0.002', () => {
  expect(noiseCondition(80)).toBe(Math.fround(1.09550666809));
  expect(noiseCondition(0.002)).toBe(Math.fround(-1.5536520246));
  expect(preconditioning(80, playground).cNoise).toBe(noiseCondition(80));
});

test('input and output are scaled element by element, into new arrays', () => {
  const x = Float32Array.of(1, -2, 0);
  const scales = { cIn: 0.5, cSkip: 2, cOut: -1, cNoise: 0 };
  expect(networkInput(x, scales)).toEqual(Float32Array.of(0.5, -1, 0));
  expect(denoisedFrom(x, Float32Array.of(1, 1, 3), scales)).toEqual(Float32Array.of(1, -5, -3));
  expect(x).toEqual(Float32Array.of(1, -2, 0));
});
