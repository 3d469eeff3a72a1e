import { solveLinear } from '../numbers.ts';
import { limitDenoised, type Sampler, type SolverOptions, walk } from './sampler.ts';

/**
 * DPM-Solver++ multistep, orders 1 to 3 (Lu et al. 2022, "DPM-Solver++: Fast Solver for Guided Sampling of Diffusion
 * Probabilistic Models", algorithm 2 for order 2), for α = 1, so that λ = ln(α/σ) = −ln σ. It integrates the denoiser's output over λ,
 * extrapolating from the outputs of the steps before.
 */
export const sampleDpmSolverMultistep: Sampler = (denoise, x, levels, run) => {
  const { sigmas, beginIndex } = levels;
  const { solver } = run;
  const history: Float32Array[] = []; // D of this step, of the one before, …: as many as the order needs
  return walk(x, levels, run, async (latents, index) => {
    const denoised = limitDenoised(await denoise(latents, sigmas[index], index), solver);
    history.unshift(denoised);
    if (history.length > solver.solverOrder) history.pop();
    const order = orderOfStep(solver, index, sigmas.length - 1, index - beginIndex);
    return { latents: combine(weightsOfStep(solver, sigmas, index, order), latents, history), denoised };
  });
};

/**
 * The order used at one step: lower at the start, for lack of history, and near the end of short schedules, where extrapolation
 * is unstable. A step to σ = 0 is always of order 1, because λ is infinite there.
 *
 * @param steps of the full schedule, even if the run began later
 * @param done steps already taken in this run
 */
export function orderOfStep(solver: SolverOptions, index: number, steps: number, done: number): 1 | 2 | 3 {
  const cautious = solver.lowerOrderFinal && steps < 15;
  const toFirst = solver.eulerAtFinal || cautious || solver.finalSigmas === 'zero';
  if (solver.solverOrder === 1 || done === 0 || (index === steps - 1 && toFirst)) return 1;
  if (solver.solverOrder === 2 || done === 1 || (index === steps - 2 && cautious)) return 2;
  return 3;
}

/** A step as a linear combination: x' = keep·x + Σ weights[k]·D_{i−k}. */
interface StepWeights {
  readonly keep: number;
  readonly weights: readonly number[];
}

/** From σ_min to σ_min there is nothing to integrate, and h would divide zero by zero. */
const STANDSTILL: StepWeights = { keep: 1, weights: [] };

function weightsOfStep(solver: SolverOptions, sigmas: Float32Array, index: number, order: 1 | 2 | 3): StepWeights {
  const keep = sigmas[index + 1] / sigmas[index];
  const h = logRatio(sigmas, index);
  if (h === 0) return STANDSTILL;
  const integral0 = -Math.expm1(-h); // ∫ e^−(h−s) ds over the step = 1 − e^−h; 1 when h is infinite
  if (order === 1) return { keep, weights: [integral0] };

  const h1 = logRatio(sigmas, index - 1);
  const integral1 = 1 - integral0 / h; // ∫ e^−(h−s)·s/h ds
  if (order === 2) {
    // the slope of D, per h, is (D_i − D_{i−1})·h/h1
    const slope = (solver.solverType === 'midpoint' ? integral0 / 2 : integral1) * (h / h1);
    return { keep, weights: [integral0 + slope, -slope] };
  }

  const h2 = logRatio(sigmas, index - 2);
  const integral2 = 0.5 - (h - integral0) / h ** 2; // ∫ e^−(h−s)·½(s/h)² ds
  // A = (D_i − D_{i−1})·h/h1 and B = (D_{i−1} − D_{i−2})·h/h2;
  // first derivative A + (A − B)·h1/(h1 + h2), second derivative (A − B)·h/(h1 + h2)
  const bend = (integral1 * h1 + integral2 * h) / (h1 + h2); // weight of A − B
  const recent = (integral1 + bend) * (h / h1);
  const earlier = -bend * (h / h2);
  return { keep, weights: [integral0 + recent, earlier - recent, -earlier] };
}

/**
 * UniPC, orders 1 to 3 (Zhao et al. 2023, "UniPC: A Unified Predictor-Corrector Framework", algorithms 5 to 8 for data prediction), for
 * α = 1. The denoiser's output at the end of a step first corrects that step, one order higher, then is used for the next.
 */
export const sampleUniPc: Sampler = (denoise, x, levels, run) => {
  const { sigmas, beginIndex } = levels;
  const { solver } = run;
  const history: Float32Array[] = [];
  let before = x; // start of the last step
  let order: 1 | 2 | 3 = 1;
  return walk(x, levels, run, async (latents, index) => {
    const denoised = limitDenoised(await denoise(latents, sigmas[index], index), solver);
    const isCorrected = index > beginIndex && !solver.uncorrected.includes(index - 1);
    const start = isCorrected
      ? combine(correction(solver, sigmas, index - 1, order), before, [denoised, ...history])
      : latents;
    history.unshift(denoised);
    if (history.length > solver.solverOrder) history.pop();
    order = orderOfUniPc(solver, sigmas, index, index - beginIndex);
    before = start;
    return { latents: combine(prediction(solver, sigmas, index, order), start, history), denoised };
  });
};

/** Falls by one per step towards the end, so that the last is of order 1; a step to σ = 0, where λ is infinite, always is. */
function orderOfUniPc(solver: SolverOptions, sigmas: Float32Array, index: number, done: number): 1 | 2 | 3 {
  const left = sigmas.length - 1 - index;
  const most = Math.min(
    solver.solverOrder,
    done + 1,
    solver.lowerOrderFinal ? left : 3,
    sigmas[index + 1] === 0 ? 1 : 3,
  );
  return most <= 1 ? 1 : most === 2 ? 2 : 3;
}

/** Weights of D_i, D_{i−1}, … for the step from level i (ibid. eq. 3, with ρ of eq. 5; ½ for order 2, as eq. 5 then allows). */
function prediction(solver: SolverOptions, sigmas: Float32Array, index: number, order: 1 | 2 | 3): StepWeights {
  if (sigmas[index] === sigmas[index + 1]) return STANDSTILL;
  const { keep, phi1, b, ratios, equations } = uniPcTerms(solver, sigmas, index, order);
  if (order === 1) return { keep, weights: [-phi1] };
  const rho = order === 2 ? [0.5] : solveLinear(equations.slice(0, 2).map((row) => [row[0], row[1], row[3]]));
  const weights = ratios.map((ratio, k) => (-b * rho[k]) / ratio); // of D_{i−k−1} − D_i
  return { keep, weights: [-phi1 - sum(weights), ...weights] };
}

/** Weights of D_{i+1}, D_i, … for the same step once D at its end is known (ibid. eq. 9). */
function correction(solver: SolverOptions, sigmas: Float32Array, index: number, order: 1 | 2 | 3): StepWeights {
  if (sigmas[index] === sigmas[index + 1]) return STANDSTILL;
  const { keep, phi1, b, ratios, equations } = uniPcTerms(solver, sigmas, index, order);
  const rho = order === 1 ? [0.5] : solveLinear(equations);
  const last = -b * rho[order - 1]; // of D_{i+1} − D_i
  const weights = ratios.map((ratio, k) => (-b * rho[k]) / ratio);
  return { keep, weights: [last, -phi1 - last - sum(weights), ...weights] };
}

/** What both halves of a step share: r_k = (λ_{i−k} − λ_i)/h, and the equations Σ ρ_k·r_k^(n−1) = φ_n·n!/B(h), n = 1 … order, with r = 1 last. */
function uniPcTerms({ unipcType }: SolverOptions, sigmas: Float32Array, index: number, order: 1 | 2 | 3) {
  const h = logRatio(sigmas, index);
  const phi1 = Math.expm1(-h);
  const b = unipcType === 'bh1' ? -h : phi1;
  const ratios = Array.from({ length: order - 1 }, (_, k) => Math.log(sigmas[index] / sigmas[index - k - 1]) / h);
  const equations: number[][] = [];
  let phi = phi1 / -h - 1;
  let factorial = 1;
  for (let n = 1; n <= order; n++) {
    equations.push([...[...ratios, 1].map((ratio) => ratio ** (n - 1)), (phi * factorial) / b]);
    factorial *= n + 1;
    phi = phi / -h - 1 / factorial;
  }
  return { keep: sigmas[index + 1] / sigmas[index], phi1, b, ratios, equations };
}

/** h_i = λ_{i+1} − λ_i */
function logRatio(sigmas: Float32Array, i: number): number {
  return Math.log(sigmas[i] / sigmas[i + 1]);
}

function combine({ keep, weights }: StepWeights, x: Float32Array, history: readonly Float32Array[]): Float32Array {
  return x.map((value, i) => weights.reduce((sum, weight, k) => sum + weight * history[k][i], keep * value));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
