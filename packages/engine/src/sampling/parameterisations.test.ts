import fc from 'fast-check';
import { expect, test } from 'vitest';
import { maxAbsDifference } from '../../test/fixtures.ts';
import {
  denoisedFrom,
  edmParameterisation,
  networkInput,
  type Prediction,
  vpParameterisation,
} from './parameterisations.ts';

const playground = edmParameterisation(0.5, 'epsilon');
const levels = fc.double({ min: 0.002, max: 80, noNaN: true });

test('network input and training target have unit variance at every level', () => {
  fc.assert(
    fc.property(levels, (sigma) => {
      const { cIn, cSkip, cOut } = playground(sigma);
      // Karras et al. 2022, eq. 114, 117 and 131: x = data + σ·noise, target (data − cSkip·x)/cOut
      expect(cIn ** 2 * (0.25 + sigma ** 2)).toBeCloseTo(1, 12);
      expect(((1 - cSkip) ** 2 * 0.25 + (cSkip * sigma) ** 2) / cOut ** 2).toBeCloseTo(1, 12);
    }),
  );
});

test('v_prediction changes the sign of the output only', () => {
  const epsilon = playground(3);
  expect(edmParameterisation(0.5, 'v_prediction')(3)).toEqual({ ...epsilon, cOut: -epsilon.cOut });
});

test('a network that says what is true gives back the clean sample, whatever it was trained to say', () => {
  // x₀ + σ·ε is α·x₀ + √(1−α²)·ε in the network's scale, α = 1/√(σ²+1); v = α·ε − √(1−α²)·x₀ (Salimans and Ho 2022, appendix D)
  const [clean, noise] = [Float32Array.of(0.5, -1.25, 2), Float32Array.of(1, -0.5, 0.25)];
  const levels = fc.double({ min: 0.03, max: 15, noNaN: true });
  fc.assert(
    fc.property(levels, fc.constantFrom<Prediction>('epsilon', 'v_prediction', 'sample'), (sigma, prediction) => {
      const alpha = 1 / Math.sqrt(sigma ** 2 + 1);
      const x = clean.map((value, i) => value + sigma * noise[i]);
      const v = noise.map((value, i) => alpha * value - sigma * alpha * clean[i]);
      const output = { epsilon: noise, v_prediction: v, sample: clean }[prediction];
      const scales = vpParameterisation(prediction)(sigma);
      expect(maxAbsDifference(denoisedFrom(x, output, scales), clean)).toBeLessThan(5e-6);
      const scaled = clean.map((value, i) => alpha * value + sigma * alpha * noise[i]);
      expect(maxAbsDifference(networkInput(x, scales), scaled)).toBeLessThan(1e-6);
    }),
  );
});

test('input and output are scaled element by element, into new arrays', () => {
  const x = Float32Array.of(1, -2, 0);
  const scales = { cIn: 0.5, cSkip: 2, cOut: -1 };
  expect(networkInput(x, scales)).toEqual(Float32Array.of(0.5, -1, 0));
  expect(denoisedFrom(x, Float32Array.of(1, 1, 3), scales)).toEqual(Float32Array.of(1, -5, -3));
  expect(x).toEqual(Float32Array.of(1, -2, 0));
});
