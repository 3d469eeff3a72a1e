import { describe, expect, test } from 'vitest';
import { floatsOf, maxAbsDifference, readFixture } from '../../test/fixtures.ts';
import { JsonConfig } from '../json-config.ts';
import { createGenerator } from '../random/torch-generator.ts';
import { parseSamplingConfig, type SamplingConfig } from './config.ts';
import type { Denoise, SolverOptions } from './samplers/sampler.ts';
import type { SamplerName } from './samplers/table.ts';
import {
  beginIndexForStrength,
  createSchedule,
  initialLatents,
  initNoiseSigma,
  noisedLatents,
  sample,
} from './sampling.ts';

const playground = parseSamplingConfig(new JsonConfig({}, 'scheduler_config.json'));
const thresholded = (sampler: SamplerName, thresholding: SolverOptions['thresholding']): SamplingConfig => ({
  ...playground,
  sampler,
  solver: { ...playground.solver, ...(thresholding && { thresholding }) },
});
const noise = () => Float32Array.of();

describe('the start of a run', () => {
  test('the initial deviation is √(80² + 1), not 80', () => {
    expect(initNoiseSigma(createSchedule(playground, 4))).toBe(80.00624975587844);
  });

  test('initial latents of a text-to-image case equal the reference bit for bit', () => {
    const run = readFixture('cases/01_square_neg_none.safetensors');
    const drawn = createGenerator(0).randn(4 * 8 * 8);
    expect(drawn).toEqual(floatsOf(run, 'noise'));
    const first = initialLatents(drawn, createSchedule(playground, 4));
    expect(first).toEqual(floatsOf(run, 'latents').subarray(0, drawn.length));
  });

  test('initial latents of an image-to-image case are the picture’s with noise of the first level', () => {
    const run = readFixture('cases/17_img2img.safetensors');
    const schedule = createSchedule(playground, 20, 0.6);
    // the generator draws the encoder's noise first, the diffusion noise second
    const generator = createGenerator(17);
    const encoderNoise = generator.randn(4 * 8 * 8);
    const picture = encodedPicture(floatsOf(run, 'enc.mean'), floatsOf(run, 'enc.logvar'), encoderNoise);
    const start = noisedLatents(picture, generator.randn(4 * 8 * 8), schedule);
    const tolerance = 1e-6 * schedule.sigmas[schedule.beginIndex];
    const expected = floatsOf(run, 'latents').subarray(0, start.length);
    expect(maxAbsDifference(start, expected)).toBeLessThanOrEqual(tolerance);
  });

  test.each([
    [20, 0.6, 8],
    [50, 0.58, 22], // 50·0.58 = 28.999999999999996: 28 steps
    [50, 1, 0],
    [50, 0, 50],
    [4, 0.2, 4],
    [10, 1.5, 0],
  ])('%i steps at strength %f begin at index %i', (steps, strength, begin) => {
    expect(beginIndexForStrength(steps, strength)).toBe(begin);
    expect(createSchedule(playground, steps, strength).beginIndex).toBe(begin);
  });

  test('with no step left to run the latents come back as they are', async () => {
    const x = Float32Array.of(1, 2, 3);
    const unused: Denoise = () => Promise.reject(new Error('not to be called'));
    expect(await sample(unused, x, createSchedule(playground, 4, 0), { noise })).toBe(x);
  });
});
test('the step hook is awaited and sees thresholded latents; Euler has no thresholding', async () => {
  const thresholding = { ratio: 1, sampleMaxValue: 1 };
  const denoise: Denoise = () => Promise.resolve(Float32Array.of(5, -0.5));
  const seen: (readonly [index: number, sigma: number, denoised: number])[] = [];
  const schedule = createSchedule(thresholded('edm_dpmpp_2m', thresholding), 2);
  const result = await sample(denoise, Float32Array.of(80, 80), schedule, {
    noise,
    onStep: async ({ index, sigma, denoised }) => {
      await Promise.resolve();
      seen.push([index, sigma, denoised[0]]);
    },
  });
  expect(seen).toEqual([
    [0, schedule.sigmas[0], 1],
    [1, schedule.sigmas[1], 1],
  ]);
  expect(result).toEqual(Float32Array.of(1, -0.5));
  const euler = createSchedule(thresholded('edm_euler', thresholding), 2);
  expect((await sample(denoise, Float32Array.of(80, 80), euler, { noise }))[0]).toBeCloseTo(5, 4);
});

test('what the denoiser throws, a cancellation say, ends the run unchanged', async () => {
  const cancelled = new Error('cancelled');
  const run = sample(() => Promise.reject(cancelled), Float32Array.of(1), createSchedule(playground, 3), { noise });
  await expect(run).rejects.toBe(cancelled);
});

/** The reference's image-to-image start (latent statistics of Playground v2.5), without noise. */
function encodedPicture(mean: Float32Array, logvar: Float32Array, noise: Float32Array): Float32Array {
  const means = [-1.6574, 1.886, -1.383, 2.5155];
  const deviations = [8.4927, 5.9022, 6.5498, 5.2299];
  const perChannel = mean.length / 4;
  return mean.map((value, i) => {
    const z = value + Math.exp(Math.min(Math.max(logvar[i], -30), 20) / 2) * noise[i];
    const channel = Math.floor(i / perChannel);
    return ((z - means[channel]) * 0.5) / deviations[channel];
  });
}
