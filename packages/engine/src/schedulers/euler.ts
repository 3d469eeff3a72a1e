import type { Sampler } from './sampling.ts';

/**
 * Euler's method on the probability-flow ODE dx/dσ = (x − D(x; σ))/σ (Karras et al. 2022, algorithm 1 without the correction;
 * algorithm 2 with S_churn = 0 likewise).
 */
export const sampleEuler: Sampler = async (denoise, x, { sigmas, beginIndex }, onStep) => {
  let latents = x;
  for (let index = beginIndex; index < sigmas.length - 1; index++) {
    const sigma = sigmas[index];
    const step = sigmas[index + 1] - sigma;
    const denoised = await denoise(latents, sigma, index);
    latents = latents.map((value, i) => value + ((value - denoised[i]) / sigma) * step);
    await onStep?.({ index, sigma, latents, denoised });
  }
  return latents;
};
