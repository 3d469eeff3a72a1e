import type { SchedulerName } from '../model.ts';
import type { SchedulerConfig } from './config.ts';
import { sampleDpmSolverMultistep } from './dpm-solver-multistep.ts';
import { sampleEuler } from './euler.ts';
import { noiseCondition } from './preconditioning.ts';
import type { Sampler, Schedule } from './sampling.ts';
import { noiseLevels } from './sigmas.ts';

const samplers: Readonly<Record<SchedulerName, Sampler>> = {
  edm_dpmpp_2m: sampleDpmSolverMultistep,
  edm_euler: sampleEuler,
};

/**
 * Runs the sampler the configuration names.
 *
 * @example
 * const schedule = createSchedule(config, 50);
 * const latents = await sample(denoise, initialLatents(noise, config), schedule);
 */
export const sample: Sampler = (denoise, x, schedule, onStep) =>
  samplers[schedule.config.algorithm](denoise, x, schedule, onStep);

/**
 * The levels of a run of so many steps.
 *
 * @param steps 1 or more
 * @param strength of image-to-image, 0 … 1; absent: the run starts from noise alone
 */
export function createSchedule(config: SchedulerConfig, steps: number, strength?: number): Schedule {
  const sigmas = noiseLevels(config, steps);
  return {
    config,
    sigmas,
    timesteps: sigmas.subarray(0, steps).map(noiseCondition),
    beginIndex: strength === undefined ? 0 : beginIndexForStrength(steps, strength),
  };
}

/**
 * The first step of image-to-image. Of `steps` the last trunc(steps·strength) are run, computed in double as the reference does:
 * 50 steps at strength 0.58 are 28, because 50·0.58 is 28.999….
 *
 * @returns 0 … steps; `steps` itself means that no step is left to run
 */
export function beginIndexForStrength(steps: number, strength: number): number {
  return Math.max(steps - Math.min(Math.trunc(steps * strength), steps), 0);
}

/** Standard deviation of the latents a run from noise alone starts with: √(σ_max² + 1), 80.006… for Playground v2.5. */
export function initNoiseSigma({ sigmaMax }: SchedulerConfig): number {
  return Math.sqrt(sigmaMax ** 2 + 1);
}

/** Latents a run from noise alone starts with. @param noise unit variance [4·h·w] */
export function initialLatents(noise: Float32Array, config: SchedulerConfig): Float32Array {
  const scale = Math.fround(initNoiseSigma(config));
  return noise.map((value) => value * scale);
}

/** Latents image-to-image starts with: the picture's, with noise of the first level. @param latents, noise [4·h·w] */
export function noisedLatents(latents: Float32Array, noise: Float32Array, schedule: Schedule): Float32Array {
  const sigma = schedule.sigmas[schedule.beginIndex];
  return latents.map((value, i) => value + Math.fround(noise[i] * sigma));
}
