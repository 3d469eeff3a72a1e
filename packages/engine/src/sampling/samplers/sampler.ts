import type { Levels } from '../schedules/levels.ts';

/**
 * The denoiser D(x; σ): the network with preconditioning and guidance applied. It must return a new array, because samplers keep
 * the last ones, and must not modify x. What it throws (a cancellation, say) passes through the sampler.
 *
 * @param x latents of one sample [4·h·w] at noise level σ
 * @param index of the level σ in the schedule, whose timestep the network receives
 * @returns the expected clean latents [4·h·w]
 */
export type Denoise = (x: Float32Array, sigma: number, index: number) => Promise<Float32Array>;

/** The next noise of a sample, unit variance [4·h·w]: the stream of the first latents continues. */
export type Noise = () => Float32Array;

/** What a sampler reports after each step. The arrays must not be changed. */
export interface SamplerStep {
  readonly index: number;
  /** The noise level the step started from. */
  readonly sigma: number;
  /** x after the step, [4·h·w]. */
  readonly latents: Float32Array;
  /** D of this step, limited if the configuration says so, [4·h·w]. */
  readonly denoised: Float32Array;
}

/** The options of the samplers; each reads those it uses. */
export interface SolverOptions {
  /** For multistep solvers: from how many denoiser outputs a step is extrapolated. */
  readonly solverOrder: 1 | 2 | 3;
  readonly solverType: 'midpoint' | 'heun';
  /** For UniPC: how B(h) is chosen. */
  readonly unipcType: 'bh1' | 'bh2';
  readonly lowerOrderFinal: boolean;
  readonly eulerAtFinal: boolean;
  /** The level after the last step: 0, or the lowest of the schedule. */
  readonly finalSigmas: 'zero' | 'sigma_min';
  /** Steps of UniPC after which its corrector is not used. */
  readonly uncorrected: readonly number[];
  /** The share of noise that is replaced in each step, 0 … 1; undefined: the sampler's default. */
  readonly eta: number | undefined;
  /** LCM's factor for timesteps. */
  readonly timestepScaling: number;
  /** Dynamic thresholding of the denoised latents; absent: none. */
  readonly thresholding?: { readonly ratio: number; readonly sampleMaxValue: number };
  /** Unless thresholded, the denoised latents are clamped to ± this; absent: they are not. */
  readonly clip?: number;
}

export interface SamplerRun {
  readonly solver: SolverOptions;
  readonly noise: Noise;
  readonly onStep?: ((step: SamplerStep) => void | Promise<void>) | undefined;
  /** Changes the latents that have reached a level, by its index: inpainting puts back what is to be kept. */
  readonly keep?: ((latents: Float32Array, level: number) => Float32Array) | undefined;
}

/**
 * Takes latents x = x₀ + σ·noise from the level σ at `beginIndex` to the last one. `x` [4·h·w] is not modified. Samplers work in this
 * scale whatever scale the network was trained in, so that one formula serves all of them (Karras et al. 2022).
 */
export type Sampler = (denoise: Denoise, x: Float32Array, levels: Levels, run: SamplerRun) => Promise<Float32Array>;

/** Runs the steps one by one. @param step from the latents at a level to those after it, with the D they were computed from */
export async function walk(
  x: Float32Array,
  { sigmas, beginIndex }: Levels,
  { onStep, keep }: SamplerRun,
  step: (latents: Float32Array, index: number) => Promise<Pick<SamplerStep, 'latents' | 'denoised'>>,
): Promise<Float32Array> {
  let latents = x;
  for (let index = beginIndex; index < sigmas.length - 1; index++) {
    const taken = await step(latents, index);
    latents = keep ? keep(taken.latents, index + 1) : taken.latents;
    await onStep?.({ index, sigma: sigmas[index], ...taken, latents });
  }
  return latents;
}

/** D limited as configured: thresholded, clamped, or unchanged. */
export function limitDenoised(denoised: Float32Array, { thresholding, clip }: SolverOptions): Float32Array {
  if (thresholding) return threshold(denoised, thresholding);
  return clip === undefined ? denoised : denoised.map((value) => Math.min(Math.max(value, -clip), clip));
}

/**
 * Dynamic thresholding (Saharia et al. 2022, "Photorealistic Text-to-Image Diffusion Models", §2.3): latents beyond the given
 * quantile s of their magnitudes are clamped to ±s, then all are divided by s. s is at least 1 and at most `sampleMaxValue`
 * (which wins when it is below 1).
 *
 * @param denoised latents of one sample [4·h·w], not modified
 * @param options.ratio the quantile, 0 … 1
 */
export function threshold(
  denoised: Float32Array,
  { ratio, sampleMaxValue }: { readonly ratio: number; readonly sampleMaxValue: number },
): Float32Array {
  const limit = Math.min(Math.max(quantile(denoised.map(Math.abs).sort(), ratio), 1), sampleMaxValue);
  return denoised.map((value) => Math.min(Math.max(value, -limit), limit) / limit);
}

/** The quantile of ascending values, interpolated linearly between the two nearest. */
function quantile(rising: Float32Array, ratio: number): number {
  const position = ratio * (rising.length - 1);
  const below = rising[Math.floor(position)];
  const above = rising[Math.ceil(position)];
  return below + (above - below) * (position - Math.floor(position));
}
