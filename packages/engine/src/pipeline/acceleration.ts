import type { Schedule } from '../sampling/sampling.ts';
import { invalid, type Range, requireNumber } from './limits.ts';

/**
 * Ways to spend fewer passes of the network on a picture, with the model as it is. Each changes the picture; at the value in brackets,
 * its default, it changes nothing.
 */
export interface Acceleration {
  /**
   * The lowest noise level σ at which there is guidance (0). Outside of an interval in the middle guidance does harm or nothing, and one
   * of a step's two passes can be left out (Kynkäänniemi et al. 2024, "Applying Guidance in a Limited Interval Improves Sample and
   * Distribution Quality in Diffusion Models").
   */
  readonly guidanceSigmaMin?: number;
  /** The highest of them (no limit). */
  readonly guidanceSigmaMax?: number;
  /**
   * The share of the steps after which guidance ends, 0…1 (1): late in a run both passes of a step say nearly the same (Castillo et al.
   * 2023, "Adaptive Guidance: Training-free Acceleration of Conditional Diffusion Models").
   */
  readonly guidanceUntil?: number;
  /** How much the denoised latents may be expected to change, 0…1, for a step to take the last ones again (0); see `reuseSteps`. */
  readonly reuseThreshold?: number;
  /**
   * The deep half of the network runs in one pass of so many, 1…20 (1); the passes between take its last features, which change slowly
   * (Ma et al. 2023, "DeepCache: Accelerating Diffusion Models for Free").
   */
  readonly cacheInterval?: number;
  /** Where the network is split for that: 0, the default, leaves the least to the passes between; see `UNetForm`. */
  readonly cacheBranch?: number;
  /**
   * The share of the steps after which the cross-attention is no longer computed but kept, the mean of both halves of guidance, which
   * ends there; 0…1 (1). The text decides early (Zhang et al. 2024, "Cross-Attention Makes Inference Cumbersome in Text-to-Image Diffusion
   * Models", T-GATE).
   */
  readonly crossAttentionUntil?: number;
}

/** What was asked for, and what it came to over all samples. */
export interface UsedAcceleration extends Acceleration {
  readonly passes: PassCounts;
}

export interface PassCounts {
  /** Of the whole network. */
  readonly full: number;
  /** Of the whole network but for its cross-attention. */
  readonly gated: number;
  /** Of its shallow half. */
  readonly shallow: number;
  /** How many full ones there would have been without acceleration. */
  readonly exact: number;
}

export const noPasses: PassCounts = { full: 0, gated: 0, shallow: 0, exact: 0 };

const share = { min: 0, max: 1 };
const level = { min: 0, max: 10_000 };

/** What each option may be. */
const ranges: readonly (readonly [option: keyof Acceleration, range: Range])[] = [
  ['guidanceSigmaMin', level],
  ['guidanceSigmaMax', level],
  ['guidanceUntil', share],
  ['reuseThreshold', share],
  ['cacheInterval', { min: 1, max: 20, whole: true }],
  ['crossAttentionUntil', share],
];

/** An acceleration counted in the steps of a run, with nothing to decide any more. */
export interface AccelerationPlan {
  /** As the request has it; undefined: it asks for none. */
  readonly given: Acceleration | undefined;
  /** @param index of the step in the schedule */
  readonly isGuided: (index: number, sigma: number) => boolean;
  readonly reuseThreshold: number;
  readonly cacheInterval: number;
  readonly cacheBranch: number;
  /** The first step that takes its cross-attention from an earlier one. */
  readonly crossAttentionEnd: number;
}

/**
 * @param branches how many places there are to split the network
 * @throws EngineError `invalid_request`
 */
export function planAcceleration(
  given: Acceleration | undefined,
  schedule: Schedule,
  branches: number,
): AccelerationPlan {
  const { guidanceSigmaMin = 0, guidanceSigmaMax = Infinity, guidanceUntil = 1, ...rest } = checked(given, branches);
  const { reuseThreshold = 0, cacheInterval = 1, cacheBranch = 0, crossAttentionUntil = 1 } = rest;
  const guidanceEnd = stepAfter(guidanceUntil, schedule);
  const crossAttentionEnd = Math.max(stepAfter(crossAttentionUntil, schedule), schedule.beginIndex + 1);
  return {
    given,
    isGuided: (index, sigma) => index < guidanceEnd && sigma >= guidanceSigmaMin && sigma <= guidanceSigmaMax,
    reuseThreshold,
    cacheInterval,
    cacheBranch,
    // the last step has none after it that could take anything
    crossAttentionEnd: crossAttentionEnd < schedule.timesteps.length ? crossAttentionEnd : Infinity,
  };
}

function checked(given: Acceleration = {}, branches: number): Acceleration {
  const branch: Range = { min: 0, max: branches - 1, whole: true };
  for (const [option, range] of [...ranges, ['cacheBranch', branch] as const]) {
    const value = given[option];
    if (value !== undefined) requireNumber(`acceleration.${option}`, value, range);
  }
  const { guidanceSigmaMin = 0, guidanceSigmaMax = Infinity } = given;
  if (guidanceSigmaMin <= guidanceSigmaMax) return given;
  throw invalid(
    'acceleration.guidanceSigmaMin',
    `acceleration.guidanceSigmaMin must not be above guidanceSigmaMax (got ${guidanceSigmaMin} and ${guidanceSigmaMax})`,
  );
}

/** The first step past a share of those that are run; image-to-image begins late in the schedule. */
function stepAfter(part: number, { beginIndex, timesteps }: Schedule): number {
  return beginIndex + Math.round(part * (timesteps.length - beginIndex));
}

/** Of several samples together. */
export function totalPasses(samples: readonly PassCounts[]): PassCounts {
  const sum = (kind: keyof PassCounts) => samples.reduce((total, passes) => total + passes[kind], 0);
  return { full: sum('full'), gated: sum('gated'), shallow: sum('shallow'), exact: sum('exact') };
}
