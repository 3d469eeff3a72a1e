import type { SchedulerConfig } from './config.ts';

/** One run through the noise levels. */
export interface Schedule {
  readonly config: SchedulerConfig;
  /** float32 [steps + 1], falling; the last is the level the last step ends at. */
  readonly sigmas: Float32Array;
  /** c_noise of each step, float32 [steps]. */
  readonly timesteps: Float32Array;
  /** The first step to take: 0, or later when a run starts from a picture. */
  readonly beginIndex: number;
}

/**
 * The denoiser D(x; σ): the network with preconditioning and guidance applied. It must return a new array, because samplers keep
 * the last ones, and must leave x as it is. What it throws (a cancellation, say) passes through the sampler.
 *
 * @param x latents of one sample [4·h·w] at noise level σ
 * @param index of the step, 0 … steps − 1
 * @returns the expected clean latents [4·h·w]
 */
export type Denoise = (x: Float32Array, sigma: number, index: number) => Promise<Float32Array>;

/** What a sampler tells after each step. The arrays must not be changed. */
export interface SamplerStep {
  readonly index: number;
  /** The noise level the step started from. */
  readonly sigma: number;
  /** x after the step, [4·h·w]. */
  readonly latents: Float32Array;
  /** D of this step, thresholded if the config says so, [4·h·w]. */
  readonly denoised: Float32Array;
}

/** Takes latents from the noise level σ at `beginIndex` to the last one. `x` [4·h·w] is left as it is. */
export type Sampler = (
  denoise: Denoise,
  x: Float32Array,
  schedule: Pick<Schedule, 'config' | 'sigmas' | 'beginIndex'>,
  onStep?: (step: SamplerStep) => void | Promise<void>,
) => Promise<Float32Array>;
