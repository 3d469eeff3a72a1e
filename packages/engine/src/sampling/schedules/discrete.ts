import { EngineError } from '../../errors.ts';
import { countdown, interpolate, linspace, linspaceFloat32, roundToEven } from '../numbers.ts';
import type { SolverOptions } from '../samplers/sampler.ts';
import type { Levels, Steps } from './levels.ts';

const { cos, exp, floor, fround, log, max, min, sqrt, trunc } = Math;

/** The noise that models of the Stable Diffusion line were trained with: a fixed number of levels, identified by timestep. */
export interface DiscreteNoise {
  readonly kind: 'discrete';
  readonly trainTimesteps: number;
  readonly betas: BetaSchedule | readonly number[];
  /** Rescales the levels so that the last is pure noise (Lin et al. 2024, algorithm 1). */
  readonly zeroSnr: boolean;
  /** Where the steps are among the training levels (ibid. table 2). */
  readonly spacing: 'leading' | 'trailing' | 'linspace';
  /** Added to timesteps with the spacing `leading`. */
  readonly stepsOffset: number;
  /** Levels spaced by σ instead, between the first and last level or the configured ones. */
  readonly bySigma: 'karras' | 'exponential' | undefined;
  readonly sigmaMin: number | undefined;
  readonly sigmaMax: number | undefined;
  /** Whether the last step of DDIM ends at σ = 0 or at the lowest level. */
  readonly setAlphaToOne: boolean;
  /** How many steps a consistency model was distilled from. */
  readonly originalSteps: number;
  /** No level has ln(α/σ) below this. */
  readonly lambdaMinClipped: number;
}

/** β_i increases from `start` to `end`; see `betas`. */
export interface BetaSchedule {
  readonly kind: 'linear' | 'scaled_linear' | 'squaredcos_cap_v2';
  readonly start: number;
  readonly end: number;
}

/** What differs between samplers for this noise, as in the reference. */
export interface DiscreteTraits {
  readonly kind: 'discrete';
  /**
   * `whole` and `fractional`: n timesteps over the whole range, rounded or not. `inner`: the first n of n + 1, for solvers whose last
   * step goes from there to the end. `distilled`: some of those that a consistency model was trained on.
   */
  readonly timesteps: 'whole' | 'fractional' | 'inner' | 'distilled';
  /** The scale in which the reference keeps the state: x₀ + σ·ε, or α·x₀ + √(1−α²)·ε, which is the network's own. */
  readonly state: 'x0+noise' | 'network';
  /** Where the last step ends. */
  readonly end: 'zero' | 'final_sigmas_type' | 'set_alpha_to_one' | 'lowest';
  /** For levels spaced by σ: whether `sigma_min` means the lowest of them, and a cosine's timesteps are rounded like others. */
  readonly bySigmaThroughout?: true;
}

/** As close to pure noise as float32 can represent: 1/σ² vanishes beside 1, and no square of σ overflows. */
const PURE_NOISE = 2 ** 30;
/** The reference's stand-in for α² = 0 where it divides by α. */
const NEARLY_ZERO = 2 ** -24;

/** @throws EngineError `invalid_request` for a consistency model when more steps are asked for than it was distilled from */
export function discreteLevels(
  noise: DiscreteNoise,
  traits: DiscreteTraits,
  solver: Pick<SolverOptions, 'finalSigmas' | 'eta'>,
  steps: Steps,
): Omit<Levels, 'beginIndex'> {
  const trained = trainedLevels(noise, traits);
  const { sigmas: chosen, timesteps } = chosenLevels(noise, traits, trained, steps);
  const last =
    typeof steps !== 'number' && 'sigmas' in steps ? chosen.at(-1) : finalLevel(noise, traits, solver, chosen, trained);
  const count = timesteps.length;
  const sigmas = Float32Array.from([...chosen.slice(0, count), last ?? 0]);
  if (traits.timesteps === 'whole' && typeof steps === 'number') {
    const stride = floor(noise.trainTimesteps / steps);
    const arrivals = Float32Array.from(timesteps, (timestep) => trained[timestep - stride] ?? sigmas[count]);
    sigmas[count] = arrivals[count - 1];
    return { sigmas, timesteps, arrivals };
  }
  if (traits.end !== 'lowest') return { sigmas, timesteps };
  const below = (timestep: number) => floor(fround(fround(1 - (solver.eta ?? 0.3)) * timestep));
  return { sigmas, timesteps, arrivals: Float32Array.from(timesteps, (_, i) => trained[below(timesteps[i + 1] ?? 0)]) };
}

/** σ of every training timestep, ascending: √((1 − ᾱ)/ᾱ), ᾱ being the cumulative product of 1 − β. float32, as in the reference. */
export function trainedLevels(noise: DiscreteNoise, { state, timesteps }: DiscreteTraits): Float32Array {
  const products = cumulativeProducts(noise.zeroSnr ? rescaledToZeroSnr(betas(noise)) : betas(noise));
  const last = products.length - 1;
  if (noise.zeroSnr) products[last] = state === 'network' && timesteps !== 'inner' ? PURE_NOISE ** -2 : NEARLY_ZERO;
  return products.map((product) => sqrt(fround(fround(1 - product) / product)));
}

function betas({ betas: schedule, trainTimesteps: count }: DiscreteNoise): Float32Array {
  if (!('kind' in schedule)) return Float32Array.from(schedule);
  switch (schedule.kind) {
    case 'linear':
      return linspaceFloat32(schedule.start, schedule.end, count);
    case 'scaled_linear': // evenly spaced roots
      return linspaceFloat32(sqrt(schedule.start), sqrt(schedule.end), count).map((root) => root * root);
    case 'squaredcos_cap_v2': {
      // ᾱ follows a squared cosine (Nichol and Dhariwal 2021, eq. 17)
      const product = (t: number) => cos(((t + 0.008) / 1.008) * (Math.PI / 2)) ** 2;
      return Float32Array.from({ length: count }, (_, i) =>
        min(1 - product((i + 1) / count) / product(i / count), 0.999),
      );
    }
  }
}

/** Accumulated in double and stored as float32, as `torch.cumprod` does. */
function cumulativeProducts(rates: Float32Array): Float32Array {
  let product = 1;
  return rates.map((beta) => {
    product *= fround(1 - beta);
    return product;
  });
}

/** √ᾱ is shifted so that it ends at 0, and scaled so that its first value is unchanged. */
function rescaledToZeroSnr(rates: Float32Array): Float32Array {
  const roots = cumulativeProducts(rates).map(sqrt);
  const [first, last] = [roots[0], roots[roots.length - 1]];
  const stretch = fround(first / fround(first - last));
  const products = roots.map((root) => fround(fround(root - last) * stretch) ** 2);
  return products.map((product, i) => 1 - fround(i === 0 ? product : product / products[i - 1]));
}

interface Chosen {
  /** In double; given ones with the last level. */
  readonly sigmas: readonly number[];
  readonly timesteps: Float32Array;
}

function chosenLevels(noise: DiscreteNoise, traits: DiscreteTraits, trained: Float32Array, steps: Steps): Chosen {
  const isSolver = traits.timesteps === 'inner';
  if (typeof steps !== 'number' && 'sigmas' in steps) {
    const sigmas = [...Float32Array.from(steps.sigmas)];
    return { sigmas, timesteps: Float32Array.from(sigmas.slice(0, -1), (sigma) => timestepOf(sigma, trained)) };
  }
  const timesteps = Float32Array.from(
    typeof steps === 'number' ? spacedTimesteps(noise, traits, trained, steps) : steps.timesteps,
  );
  const sigmas = Array.from(timesteps, (timestep) => interpolate(trained, timestep));
  if (noise.bySigma === undefined || typeof steps !== 'number' || steps === 0) return { sigmas, timesteps };
  // these solvers space the whole range, the others the range of their timesteps
  const [low, high] = isSolver ? [trained[0], trained[trained.length - 1]] : [sigmas[steps - 1], sigmas[0]];
  const spaced = spacedBySigma(noise.bySigma, noise.sigmaMin ?? low, noise.sigmaMax ?? high, steps);
  const isRounded = noise.bySigma === 'karras' && (traits.bySigmaThroughout || !isCosine(noise));
  const told = (sigma: number) => {
    const timestep = timestepOf(sigma, trained);
    if (!isSolver) return timestep;
    return isRounded ? roundToEven(timestep) : trunc(timestep);
  };
  return { sigmas: spaced, timesteps: Float32Array.from(spaced, told) };
}

function isCosine({ betas: schedule }: DiscreteNoise): boolean {
  return 'kind' in schedule && schedule.kind === 'squaredcos_cap_v2';
}

function spacedTimesteps(noise: DiscreteNoise, traits: DiscreteTraits, trained: Float32Array, steps: number): number[] {
  const { trainTimesteps, spacing, stepsOffset } = noise;
  if (traits.timesteps === 'distilled') return distilledTimesteps(noise, steps);
  const isInner = traits.timesteps === 'inner';
  const count = isInner ? steps + 1 : steps;
  const range = isInner ? trainTimesteps - clippedLevels(noise, trained) : trainTimesteps;
  switch (spacing) {
    case 'leading': {
      const stride = floor(range / count);
      return Array.from({ length: steps }, (_, i) => (count - 1 - i) * stride + stepsOffset);
    }
    case 'trailing':
      // rounding makes NumPy count one too many at 61 of 1000, which would give a step at timestep −1
      return countdown(range, trainTimesteps / steps)
        .slice(0, steps)
        .map((timestep) => roundToEven(timestep) - 1);
    case 'linspace': {
      const spaced = linspace(0, range - 1, count)
        .reverse()
        .slice(0, steps);
      return traits.timesteps === 'fractional' ? spaced : spaced.map(roundToEven);
    }
  }
}

/** How many of the noisiest levels have ln(α/σ) = −ln σ below the configured one. */
function clippedLevels({ lambdaMinClipped }: DiscreteNoise, trained: Float32Array): number {
  return trained.filter((sigma) => -log(sigma) < lambdaMinClipped).length;
}

/** Evenly spaced ones of the distillation's timesteps, k − 1, 2k − 1, …, the last of all first (Luo et al. 2023). */
function distilledTimesteps({ trainTimesteps, originalSteps }: DiscreteNoise, steps: number): number[] {
  if (steps > originalSteps) {
    const message = `steps must be at most ${originalSteps} with this sampler, whose model was distilled from so many (got ${steps})`;
    throw new EngineError('invalid_request', message, { details: { param: 'steps' } });
  }
  const stride = floor(trainTimesteps / originalSteps);
  return Array.from({ length: steps }, (_, i) => (originalSteps - floor(i * (originalSteps / steps))) * stride - 1);
}

/** Descending, as in `edm.ts`, but in double throughout, and ρ = 7. */
function spacedBySigma(kind: 'karras' | 'exponential', low: number, high: number, steps: number): number[] {
  if (kind === 'exponential') return linspace(log(high), log(low), steps).map(exp);
  const rho = 7;
  const [from, to] = [high ** (1 / rho), low ** (1 / rho)];
  return linspace(0, 1, steps).map((ramp) => (from + ramp * (to - from)) ** rho);
}

/** The fractional training timestep of a level, linear in ln σ. */
function timestepOf(sigma: number, trained: Float32Array): number {
  const target = log(max(sigma, 1e-10));
  const logs = trained.map(log);
  const below = min(
    max(
      logs.findLastIndex((value) => value <= target),
      0,
    ),
    logs.length - 2,
  );
  const share = (logs[below] - target) / fround(logs[below] - logs[below + 1]);
  return below + min(max(share, 0), 1);
}

function finalLevel(
  noise: DiscreteNoise,
  traits: DiscreteTraits,
  { finalSigmas }: Pick<SolverOptions, 'finalSigmas'>,
  chosen: readonly number[],
  trained: Float32Array,
): number {
  switch (traits.end) {
    case 'zero':
      return 0;
    case 'lowest':
      return trained[0];
    case 'set_alpha_to_one':
      return noise.setAlphaToOne ? 0 : trained[0];
    case 'final_sigmas_type':
      if (finalSigmas === 'zero') return 0;
      return traits.bySigmaThroughout && noise.bySigma ? (chosen.at(-1) ?? trained[0]) : trained[0];
  }
}
