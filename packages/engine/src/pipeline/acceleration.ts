import type { Acceleration, PassCounts } from '../profiles.ts';
import type { Schedule } from '../sampling/sampling.ts';
import { invalid, type Range, requireNumber } from './limits.ts';

export const noPasses: PassCounts = { full: 0, gated: 0, shallow: 0, exact: 0 };

const share = { min: 0, max: 1 };
const level = { min: 0, max: 10_000 };

/** The range of each option. */
const ranges: readonly (readonly [option: keyof Acceleration, range: Range])[] = [
  ['guidanceSigmaMin', level],
  ['guidanceSigmaMax', level],
  ['guidanceUntil', share],
  ['reuseThreshold', share],
  ['cacheInterval', { min: 1, max: 20, whole: true }],
  ['crossAttentionUntil', share],
];

/** An acceleration in terms of a run's steps, with all defaults resolved. */
export interface AccelerationPlan {
  /** As requested; undefined: none. */
  readonly given: Acceleration | undefined;
  /** @param index of the step in the schedule */
  readonly isGuided: (index: number, sigma: number) => boolean;
  readonly reuseThreshold: number;
  readonly cacheInterval: number;
  readonly cacheBranch: number;
  /** The first step that reuses an earlier step's cross-attention. */
  readonly crossAttentionEnd: number;
}

/** The places where a network can be split. */
export interface Branches {
  readonly count: number;
  /** The default when a request names none. */
  readonly finest: number;
}

/**
 * @param branches where the network can be split
 * @throws EngineError `invalid_request`
 */
export function planAcceleration(
  given: Acceleration | undefined,
  schedule: Schedule,
  branches: Branches,
): AccelerationPlan {
  const {
    guidanceSigmaMin = 0,
    guidanceSigmaMax = Infinity,
    guidanceUntil = 1,
    ...rest
  } = checked(given, branches.count);
  const { reuseThreshold = 0, cacheInterval = 1, cacheBranch = branches.finest, crossAttentionUntil = 1 } = rest;
  const guidanceEnd = stepAfter(guidanceUntil, schedule);
  const crossAttentionEnd = Math.max(stepAfter(crossAttentionUntil, schedule), schedule.beginIndex + 1);
  return {
    given,
    isGuided: (index, sigma) => index < guidanceEnd && sigma >= guidanceSigmaMin && sigma <= guidanceSigmaMax,
    reuseThreshold,
    cacheInterval,
    cacheBranch,
    // no step follows the last one to reuse anything
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
    'give both; the profile may have set the one that you did not give',
  );
}

/** The first step after a share of the run's steps; image-to-image begins late in the schedule. */
function stepAfter(part: number, { beginIndex, timesteps }: Schedule): number {
  return beginIndex + Math.round(part * (timesteps.length - beginIndex));
}

/** Summed over several samples. */
export function totalPasses(samples: readonly PassCounts[]): PassCounts {
  const sum = (kind: keyof PassCounts) => samples.reduce((total, passes) => total + passes[kind], 0);
  return { full: sum('full'), gated: sum('gated'), shallow: sum('shallow'), exact: sum('exact') };
}
