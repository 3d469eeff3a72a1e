import type { Acceleration, PassCounts } from '../model.ts';
import type { Schedule } from '../sampling/sampling.ts';
import { invalid, type Range, requireNumber } from './limits.ts';

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

/** The places to split a network in. */
export interface Branches {
  readonly count: number;
  /** The one that a request which names none gets. */
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
