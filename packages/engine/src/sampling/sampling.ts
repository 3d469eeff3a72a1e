import type { SamplingConfig } from './config.ts';
import { edmParameterisation, type Parameterisation, vpParameterisation } from './parameterisations.ts';
import type { Denoise, SamplerRun } from './samplers/sampler.ts';
import { samplerEntry } from './samplers/table.ts';
import { discreteLevels } from './schedules/discrete.ts';
import { edmLevels } from './schedules/edm.ts';
import type { Levels, Steps } from './schedules/levels.ts';

/** One run through the noise levels. */
export interface Schedule extends Levels {
  readonly config: SamplingConfig;
}

/**
 * Runs the sampler the configuration names.
 *
 * @example
 * const schedule = createSchedule(config, 50);
 * const latents = await sample(denoise, initialLatents(noise(), schedule), schedule, { noise });
 */
export function sample(
  denoise: Denoise,
  x: Float32Array,
  schedule: Schedule,
  run: Omit<SamplerRun, 'solver'>,
): Promise<Float32Array> {
  const { sampler, solver } = schedule.config;
  return samplerEntry(sampler).run(denoise, x, schedule, { ...run, solver });
}

/** How the network's output becomes the denoised sample. */
export function parameterisationOf({ noise, prediction }: SamplingConfig): Parameterisation {
  return noise.kind === 'edm' ? edmParameterisation(noise.sigmaData, prediction) : vpParameterisation(prediction);
}

/**
 * The levels of a run with this number of steps, or of given ones.
 *
 * @param steps 1 or more
 * @param strength of image-to-image, 0 … 1; absent: the run starts from noise alone
 */
export function createSchedule(config: SamplingConfig, steps: Steps, strength?: number): Schedule {
  const levels = levelsOf(config, steps);
  const count = levels.timesteps.length;
  return { config, ...levels, beginIndex: strength === undefined ? 0 : beginIndexForStrength(count, strength) };
}

/** @throws RangeError when the sampler is for another kind of noise than the configuration's */
function levelsOf({ sampler, noise, solver }: SamplingConfig, steps: Steps): Omit<Levels, 'beginIndex'> {
  const { traits } = samplerEntry(sampler);
  if (noise.kind === 'edm' && traits.kind === 'edm') return edmLevels(noise, traits, solver, steps);
  if (noise.kind === 'discrete' && traits.kind === 'discrete') return discreteLevels(noise, traits, solver, steps);
  throw new RangeError(`the sampler ${sampler} is not for ${noise.kind} noise`);
}

/**
 * The first step of image-to-image. Of `steps` the last trunc(steps·strength) are run, computed in double as in the reference:
 * 50 steps at strength 0.58 are 28, because 50·0.58 is 28.999….
 *
 * @returns 0 … steps; `steps` itself means that there is no step to run
 */
export function beginIndexForStrength(steps: number, strength: number): number {
  return Math.max(steps - Math.min(Math.trunc(steps * strength), steps), 0);
}

/**
 * Standard deviation of the latents a run from noise alone starts with. EDM: √(σ_max² + 1), 80.006… for Playground v2.5. Else that of
 * pure noise in the network's scale, which is √(σ² + 1) of the first level; or the first level itself, where the reference assumes that
 * its timesteps reach so far up that nothing is left of a picture.
 */
export function initNoiseSigma({ config: { sampler, noise }, sigmas }: Schedule): number {
  if (noise.kind === 'edm') return Math.sqrt(noise.sigmaMax ** 2 + 1);
  const { traits } = samplerEntry(sampler);
  const isBare = traits.kind === 'discrete' && traits.state === 'x0+noise' && noise.spacing !== 'leading';
  return isBare ? sigmas[0] : Math.sqrt(sigmas[0] ** 2 + 1);
}

/** Latents a run from noise alone starts with. @param noise unit variance [4·h·w] */
export function initialLatents(noise: Float32Array, schedule: Schedule): Float32Array {
  const scale = Math.fround(initNoiseSigma(schedule));
  return noise.map((value) => value * scale);
}

/** Latents image-to-image starts with: the picture's, with noise of the first level. @param latents, noise [4·h·w] */
export function noisedLatents(latents: Float32Array, noise: Float32Array, schedule: Schedule): Float32Array {
  return noisedTo(latents, noise, schedule, schedule.beginIndex);
}

/** A picture's latents with the noise of a level. */
export function noisedTo(
  latents: Float32Array,
  noise: Float32Array,
  { sigmas }: Schedule,
  level: number,
): Float32Array {
  const sigma = sigmas[level];
  return latents.map((value, i) => value + Math.fround(noise[i] * sigma));
}

/** The VAE's input: samplers whose state is in the network's scale in the reference leave it in that scale, if their last level is not 0. */
export function finalLatents(latents: Float32Array, schedule: Schedule): Float32Array {
  const scale = stateScale(schedule);
  return scale === 1 ? latents : latents.map((value) => value * scale);
}

/** The factor from the last latents of a run to the VAE's input. */
export function stateScale({ config, sigmas }: Schedule): number {
  const { traits } = samplerEntry(config.sampler);
  const sigma = sigmas[sigmas.length - 1];
  return traits.kind === 'edm' || traits.state === 'x0+noise' || sigma === 0 ? 1 : 1 / Math.sqrt(sigma ** 2 + 1);
}
