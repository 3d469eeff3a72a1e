import type { SchedulerConfig } from './config.ts';

const { exp, fround, log } = Math;

/**
 * The noise levels of a run: σ of every step in falling order, then the level the last step ends at.
 *
 * The reference computes Karras levels in float32 for DPM-Solver++ and in double for Euler; both are followed, so that equal
 * seeds give equal pictures to the last digits that matter. float32 costs up to 1.6e-6 of σ: the first level of Playground v2.5
 * is 79.999985 rather than 80.
 *
 * @param steps 1 or more
 * @returns float32 [steps + 1]
 */
export function noiseLevels(config: SchedulerConfig, steps: number): Float32Array {
  const levels = new Float32Array(steps + 1);
  levels.set(config.sigmaSchedule === 'karras' ? karrasSigmas(config, steps) : exponentialSigmas(config, steps));
  levels[steps] = config.finalSigmas === 'zero' ? 0 : config.sigmaMin;
  return levels;
}

/**
 * σ_i = (σ_max^(1/ρ) + i/(n−1)·(σ_min^(1/ρ) − σ_max^(1/ρ)))^ρ, i = 0 … n−1 (Karras et al. 2022, "Elucidating the Design Space of
 * Diffusion-Based Generative Models", eq. 5). One step alone is σ_max.
 */
function karrasSigmas({ algorithm, sigmaMin, sigmaMax, rho }: SchedulerConfig, steps: number): Float32Array {
  const highest = sigmaMax ** (1 / rho);
  const difference = sigmaMin ** (1 / rho) - highest;
  if (algorithm === 'edm_euler') {
    return Float32Array.from({ length: steps }, (_, i) => (highest + (i / Math.max(steps - 1, 1)) * difference) ** rho);
  }
  const bases = evenlySpaced(0, 1, steps).map((ramp) => fround(highest) + fround(ramp * fround(difference)));
  return bases.map((base) => base ** rho);
}

/**
 * σ evenly spaced in ln σ, in float32. The reference builds it upwards and turns it round, so one step alone is σ_min: a picture
 * takes two steps at least with this schedule.
 */
function exponentialSigmas({ sigmaMin, sigmaMax }: SchedulerConfig, steps: number): Float32Array {
  return evenlySpaced(log(sigmaMin), log(sigmaMax), steps).map(exp).reverse();
}

/** `torch.linspace` in float32: each half counts from its own end, and multiply-add rounds once. */
function evenlySpaced(start: number, end: number, count: number): Float32Array {
  const first = fround(start);
  const last = fround(end);
  const step = fround(fround(last - first) / (count - 1));
  return Float32Array.from({ length: count }, (_, i) => {
    if (count === 1) return first;
    return i < Math.floor(count / 2) ? first + i * step : last - (count - 1 - i) * step;
  });
}
