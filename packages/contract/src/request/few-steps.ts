import type { Profile } from '../limits.ts';

/** With fewer, the passes that `fast` leaves out or reuses are too large a part of the picture. */
const FAST_STEPS = 20;

/**
 * What should be known of a picture of few steps: docs/performance.md, "Quality".
 *
 * @returns undefined where there is nothing to be said
 * @example
 * fewStepsText({ profile: 'fast', steps: 8 });
 * // 'with 8 steps the profile fast makes a clearly different picture from exact: use 20 steps or more, or the profile int8'
 */
export function fewStepsText({
  profile,
  steps,
}: {
  readonly profile?: Profile | undefined;
  readonly steps: number;
}): string | undefined {
  if (profile !== 'fast' || steps >= FAST_STEPS) return undefined;
  const count = steps === 1 ? '1 step' : `${steps} steps`;
  return `with ${count} the profile fast makes a clearly different picture from exact: use ${FAST_STEPS} steps or more, or the profile int8`;
}
