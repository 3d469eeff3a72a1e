import { linspaceFloat32 } from '../numbers.ts';
import type { SolverOptions } from '../samplers/sampler.ts';
import type { Levels, Steps } from './levels.ts';

const { exp, fround, log } = Math;

/** The noise that EDM models were trained with: any level in a range. */
export interface EdmNoise {
  readonly kind: 'edm';
  /** The lowest and highest noise level of the schedule, in units of the latents. */
  readonly sigmaMin: number;
  readonly sigmaMax: number;
  /** Standard deviation of the training data (Karras et al. 2022, table 1). */
  readonly sigmaData: number;
  /** Curvature of the Karras schedule: the larger, the more steps at low noise (ibid. eq. 5). */
  readonly rho: number;
  readonly sigmaSchedule: 'karras' | 'exponential';
}

/** What differs between samplers for this noise. */
export interface EdmTraits {
  readonly kind: 'edm';
  /**
   * The reference computes Karras levels in float32 for DPM-Solver++ and in double for Euler; this follows both, so that equal
   * seeds give equal pictures to the last significant digits. float32 costs up to 1.6e-6 of σ: the first level of Playground v2.5
   * is 79.999985 rather than 80.
   */
  readonly arithmetic: 'float32' | 'double';
}

/** The noise levels of a run: σ of every step in descending order, then the level the last step ends at; timesteps are ln σ / 4. */
export function edmLevels(
  noise: EdmNoise,
  { arithmetic }: EdmTraits,
  { finalSigmas }: Pick<SolverOptions, 'finalSigmas'>,
  steps: Steps,
): Omit<Levels, 'beginIndex'> {
  const sigmas = typeof steps === 'number' ? spaceLevels(noise, arithmetic, steps) : givenLevels(steps);
  if (typeof steps === 'number') sigmas[steps] = finalSigmas === 'zero' ? 0 : noise.sigmaMin;
  return { sigmas, timesteps: sigmas.subarray(0, -1).map(noiseCondition) };
}

/** c_noise = ln σ / 4, rounded to float32 as the network receives it. */
export function noiseCondition(sigma: number): number {
  return fround(log(sigma) / 4);
}

function givenLevels(steps: Exclude<Steps, number>): Float32Array {
  if ('sigmas' in steps) return Float32Array.from(steps.sigmas);
  return Float32Array.from([...steps.timesteps.map((timestep) => exp(4 * timestep)), 0]);
}

/** [steps + 1], the last not set yet. */
function spaceLevels(noise: EdmNoise, arithmetic: EdmTraits['arithmetic'], steps: number): Float32Array {
  const levels = new Float32Array(steps + 1);
  levels.set(
    noise.sigmaSchedule === 'karras' ? karrasSigmas(noise, arithmetic, steps) : exponentialSigmas(noise, steps),
  );
  return levels;
}

/**
 * σ_i = (σ_max^(1/ρ) + i/(n−1)·(σ_min^(1/ρ) − σ_max^(1/ρ)))^ρ, i = 0 … n−1 (Karras et al. 2022, "Elucidating the Design Space of
 * Diffusion-Based Generative Models", eq. 5). A single step is at σ_max.
 */
function karrasSigmas(
  { sigmaMin, sigmaMax, rho }: EdmNoise,
  arithmetic: EdmTraits['arithmetic'],
  steps: number,
): Float32Array {
  const highest = sigmaMax ** (1 / rho);
  const difference = sigmaMin ** (1 / rho) - highest;
  if (arithmetic === 'double') {
    return Float32Array.from({ length: steps }, (_, i) => (highest + (i / Math.max(steps - 1, 1)) * difference) ** rho);
  }
  const bases = linspaceFloat32(0, 1, steps).map((ramp) => fround(highest) + fround(ramp * fround(difference)));
  return bases.map((base) => base ** rho);
}

/**
 * σ evenly spaced in ln σ, in float32. The reference builds it in ascending order and reverses it, so a single step is at σ_min: a picture
 * needs at least two steps with this schedule.
 */
function exponentialSigmas({ sigmaMin, sigmaMax }: EdmNoise, steps: number): Float32Array {
  return linspaceFloat32(log(sigmaMin), log(sigmaMax), steps).map(exp).reverse();
}
