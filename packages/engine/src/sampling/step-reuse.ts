import type { Denoise } from './samplers/sampler.ts';

export interface StepReuse {
  /** The largest expected change of an answer, relative to its mean magnitude, at which it is reused; 0: never. */
  readonly threshold: number;
  /** The mode of a step, guidance for example: answers are only compared within one. */
  comparisonGroupOf(index: number, sigma: number): unknown;
  /** Whether the last answer shows how answers change; one that was partly reused from an earlier one does not. */
  isLastAnswerComparable(): boolean;
  /** Called for every reused answer. */
  onReuse(): void;
}

/** A measured rate does not predict steps much later. */
const MAX_REUSES_IN_A_ROW = 2;

interface Answer {
  readonly denoised: Float32Array;
  readonly depth: number;
}

/**
 * A denoiser that is not called at every step: where its answer is expected to have changed little, the last one is reused. The
 * expected change grows with the distance in log σ from the last answer, at the rate at which the last two differed.
 *
 * Skipping by a measured change follows Ye et al. 2024, "Training-Free Adaptive Diffusion with Bounded Difference Approximation
 * Strategy", and Liu et al. 2024, "Timestep Embedding Tells: It's Time to Cache for Video Diffusion Model" (the accumulated relative L1
 * distance). Here the denoised latents are compared, because they mean the same at every noise level and for every sampler.
 */
export function reuseSteps(denoise: Denoise, reuse: StepReuse): Denoise {
  const { threshold } = reuse;
  if (threshold === 0) return denoise;
  let last: Answer | undefined;
  let comparable: Answer | undefined; // the last answer that the next one may be compared with
  let rate = Infinity; // relative change per unit of log σ
  let group: unknown;
  let inARow = 0;
  return async (x, sigma, index) => {
    const depth = -Math.log(sigma);
    const current = reuse.comparisonGroupOf(index, sigma);
    if (current !== group) {
      [last, comparable, rate, group] = [undefined, undefined, Infinity, current];
    }
    if (last && inARow < MAX_REUSES_IN_A_ROW && rate * Math.abs(depth - last.depth) <= threshold) {
      inARow++;
      reuse.onReuse();
      return last.denoised.slice();
    }
    inARow = 0;
    const denoised = await denoise(x, sigma, index);
    last = { denoised, depth };
    if (!reuse.isLastAnswerComparable()) return denoised;
    if (comparable && depth !== comparable.depth) {
      rate = relativeChange(comparable.denoised, denoised) / Math.abs(depth - comparable.depth);
    }
    comparable = last;
    return denoised;
  };
}

/** Σ|b − a| / Σ|b| */
function relativeChange(a: Float32Array, b: Float32Array): number {
  let change = 0;
  let magnitude = 0;
  for (let i = 0; i < b.length; i++) {
    change += Math.abs(b[i] - a[i]);
    magnitude += Math.abs(b[i]);
  }
  return magnitude === 0 ? Infinity : change / magnitude;
}
