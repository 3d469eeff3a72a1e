import type { SchedulerConfig } from './config.ts';
import { threshold } from './dynamic-thresholding.ts';
import type { Sampler } from './sampling.ts';

/**
 * DPM-Solver++ multistep, orders 1 to 3 (Lu et al. 2022, "DPM-Solver++: Fast Solver for Guided Sampling of Diffusion
 * Probabilistic Models", algorithm 2 for order 2), for EDM noise: α = 1, so λ = ln(α/σ) = −ln σ. It integrates the denoiser's output over λ,
 * extrapolating from the outputs of the steps before.
 */
export const sampleDpmSolverMultistep: Sampler = async (denoise, x, { sigmas, config, beginIndex }, onStep) => {
  const steps = sigmas.length - 1;
  const history: Float32Array[] = []; // D of this step, of the one before, …: as many as the order needs
  let latents = x;
  for (let index = beginIndex; index < steps; index++) {
    const sigma = sigmas[index];
    const prediction = await denoise(latents, sigma, index);
    const denoised = config.thresholding ? threshold(prediction, config.thresholding) : prediction;
    history.unshift(denoised);
    if (history.length > config.solverOrder) history.pop();
    const order = orderOfStep(config, index, steps, index - beginIndex);
    latents = combine(weightsOfStep(config, sigmas, index, order), latents, history);
    await onStep?.({ index, sigma, latents, denoised });
  }
  return latents;
};

/**
 * The order used at one step: lower at the start, for want of history, and near the end of short schedules, where extrapolation
 * is unstable. A step to σ = 0 is always of order 1, because λ is infinite there.
 *
 * @param steps of the full schedule, however late the run began
 * @param done steps already taken in this run
 */
export function orderOfStep(config: SchedulerConfig, index: number, steps: number, done: number): 1 | 2 | 3 {
  const cautious = config.lowerOrderFinal && steps < 15;
  const toFirst = config.eulerAtFinal || cautious || config.finalSigmas === 'zero';
  if (config.solverOrder === 1 || done === 0 || (index === steps - 1 && toFirst)) return 1;
  if (config.solverOrder === 2 || done === 1 || (index === steps - 2 && cautious)) return 2;
  return 3;
}

/** A step as a linear combination: x' = keep·x + Σ weights[k]·D_{i−k}. */
interface StepWeights {
  readonly keep: number;
  readonly weights: readonly number[];
}

function weightsOfStep(config: SchedulerConfig, sigmas: Float32Array, index: number, order: 1 | 2 | 3): StepWeights {
  const logRatio = (i: number) => Math.log(sigmas[i] / sigmas[i + 1]); // h_i = λ_{i+1} − λ_i
  const keep = sigmas[index + 1] / sigmas[index];
  const h = logRatio(index);
  // from σ_min to σ_min: nothing to integrate, and h would divide zero by zero
  if (h === 0) return { keep: 1, weights: [] };
  const integral0 = -Math.expm1(-h); // ∫ e^−(h−s) ds over the step = 1 − e^−h; 1 when h is infinite
  if (order === 1) return { keep, weights: [integral0] };

  const h1 = logRatio(index - 1);
  const integral1 = 1 - integral0 / h; // ∫ e^−(h−s)·s/h ds
  if (order === 2) {
    // the slope of D, per h, is (D_i − D_{i−1})·h/h1
    const slope = (config.solverType === 'midpoint' ? integral0 / 2 : integral1) * (h / h1);
    return { keep, weights: [integral0 + slope, -slope] };
  }

  const h2 = logRatio(index - 2);
  const integral2 = 0.5 - (h - integral0) / h ** 2; // ∫ e^−(h−s)·½(s/h)² ds
  // A = (D_i − D_{i−1})·h/h1 and B = (D_{i−1} − D_{i−2})·h/h2;
  // first derivative A + (A − B)·h1/(h1 + h2), second derivative (A − B)·h/(h1 + h2)
  const bend = (integral1 * h1 + integral2 * h) / (h1 + h2); // weight of A − B
  const recent = (integral1 + bend) * (h / h1);
  const earlier = -bend * (h / h2);
  return { keep, weights: [integral0 + recent, earlier - recent, -earlier] };
}

function combine({ keep, weights }: StepWeights, x: Float32Array, history: readonly Float32Array[]): Float32Array {
  return x.map((value, i) => weights.reduce((sum, weight, k) => sum + weight * history[k][i], keep * value));
}
