import type { SchedulerConfig } from './config.ts';

/** What turns the raw network F into the denoiser D(x; σ) = cSkip·x + cOut·F(cIn·x; cNoise), at one noise level. */
export interface Preconditioning {
  readonly cIn: number;
  readonly cSkip: number;
  readonly cOut: number;
  /** The network's "timestep": a fraction, and negative at low noise. float32. */
  readonly cNoise: number;
}

/**
 * The EDM coefficients (Karras et al. 2022, table 1, column "Ours"). They keep the network's input and training target at unit
 * variance at every noise level. `v_prediction` has the sign of cOut changed, as in the reference.
 *
 * @param sigma greater than 0
 */
export function preconditioning(
  sigma: number,
  { sigmaData, predictionType }: Pick<SchedulerConfig, 'sigmaData' | 'predictionType'>,
): Preconditioning {
  const variance = sigma ** 2 + sigmaData ** 2;
  const cOut = (sigma * sigmaData) / Math.sqrt(variance);
  return {
    cIn: 1 / Math.sqrt(variance),
    cSkip: sigmaData ** 2 / variance,
    cOut: predictionType === 'epsilon' ? cOut : -cOut,
    cNoise: noiseCondition(sigma),
  };
}

/** c_noise = ln σ / 4, rounded to float32 as the network receives it. */
export function noiseCondition(sigma: number): number {
  return Math.fround(Math.log(sigma) / 4);
}

/** cIn·x: what the network is given. `x` [4·h·w] is left as it is. */
export function networkInput(x: Float32Array, { cIn }: Preconditioning): Float32Array {
  return x.map((value) => cIn * value);
}

/** D = cSkip·x + cOut·F. `x` and the network's output F, after guidance, are [4·h·w]. */
export function denoisedFrom(x: Float32Array, output: Float32Array, { cSkip, cOut }: Preconditioning): Float32Array {
  return x.map((value, i) => cSkip * value + cOut * output[i]);
}
