import type { Denoise } from './samplers/sampler.ts';

/**
 * A denoiser that is not asked at every step: where its answer is expected to have changed by no more than `threshold`, relative to its
 * mean magnitude, it gives the last one again. What is expected grows with the distance in log σ from the last answer, at the rate at
 * which the last two differed.
 *
 * Skipping by a measured change follows Ye et al. 2024, "Training-Free Adaptive Diffusion with Bounded Difference Approximation
 * Strategy", and Liu et al. 2024, "Timestep Embedding Tells: It's Time to Cache for Video Diffusion Model" (the accumulated relative L1
 * distance). Here the denoised latents are compared, because they mean the same at every noise level and for every sampler.
 *
 * @param threshold 0: the denoiser itself
 * @param onReuse told of every answer that is given again
 */
export function reuseSteps(denoise: Denoise, threshold: number, onReuse: () => void): Denoise {
  if (threshold === 0) return denoise;
  let last: { readonly denoised: Float32Array; readonly depth: number } | undefined;
  let rate = Infinity; // relative change per unit of log σ
  return async (x, sigma, index) => {
    const depth = -Math.log(sigma);
    if (last && rate * Math.abs(depth - last.depth) <= threshold) {
      onReuse();
      return last.denoised.slice();
    }
    const denoised = await denoise(x, sigma, index);
    if (last && depth !== last.depth) {
      rate = relativeChange(last.denoised, denoised) / Math.abs(depth - last.depth);
    }
    last = { denoised, depth };
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
