import type { SweepTimes } from '../jobs/settings-port.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
/** Sweeps come every minute. */
const LONGEST_GAP = 10 * MINUTE;

/**
 * Until when a sweep at this time must not delete. When so much time seems to have passed since the last sweep that either no
 * server ran or the system's clock was moved, it cannot be told which: then as much time again is waited, a day at most, in which a
 * wrong clock can be put right. Otherwise a clock that jumps by 40 days would delete every picture and record at once.
 *
 * @param last null: there was none
 */
export function holdDeletion(last: SweepTimes | null, now: Date): SweepTimes {
  const gap = last === null ? 0 : now.getTime() - last.sweptAt.getTime();
  // A clock that went back ends what an earlier jump had begun.
  if (last === null || gap < -LONGEST_GAP) return { sweptAt: now, heldUntil: now };
  if (gap <= LONGEST_GAP) return { sweptAt: now, heldUntil: last.heldUntil };
  const heldUntil = new Date(Math.max(last.heldUntil.getTime(), now.getTime() + Math.min(gap, DAY)));
  return { sweptAt: now, heldUntil };
}
