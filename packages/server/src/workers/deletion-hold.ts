import type { Queries } from '../database/database.ts';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
/** Sweeps come every minute. */
const LONGEST_GAP = 10 * MINUTE;

/**
 * Until when a sweep at this time must not delete. After a long gap since the last sweep, either no server ran or the system's clock
 * was set, and there is no telling which: then nothing is deleted for as long again, a day at most, in which a wrong clock can be
 * corrected. Otherwise a clock that jumps by 40 days would delete every picture and record at once.
 *
 * @param last null: there was none
 */
export function holdDeletion(last: SweepTimes | null, now: Date): SweepTimes {
  const gap = last === null ? 0 : now.getTime() - last.sweptAt.getTime();
  // A clock that went back undoes an earlier jump.
  if (last === null || gap < -LONGEST_GAP) return { sweptAt: now, heldUntil: now };
  if (gap <= LONGEST_GAP) return { sweptAt: now, heldUntil: last.heldUntil };
  const heldUntil = new Date(Math.max(last.heldUntil.getTime(), now.getTime() + Math.min(gap, DAY)));
  return { sweptAt: now, heldUntil };
}

export interface SweepTimes {
  readonly sweptAt: Date;
  /** Nothing is deleted before; see `holdDeletion`. */
  readonly heldUntil: Date;
}

/** The row of `settings`. */
const SWEEP_TIMES = 'sweep_times';

/** Locks them until the transaction ends. @returns null when there was no sweep yet */
export async function lockSweepTimes(queries: Queries): Promise<SweepTimes | null> {
  const query = queries.selectFrom('settings').select('value').where('name', '=', SWEEP_TIMES);
  return toSweepTimes((await query.forUpdate().executeTakeFirst())?.value);
}

export async function saveSweepTimes(queries: Queries, times: SweepTimes): Promise<void> {
  const value = JSON.stringify(times);
  await queries
    .insertInto('settings')
    .values({ name: SWEEP_TIMES, value })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
    .execute();
}

function toSweepTimes(value: unknown): SweepTimes | null {
  if (typeof value !== 'object' || value === null || !('sweptAt' in value) || !('heldUntil' in value)) return null;
  const [sweptAt, heldUntil] = [new Date(String(value.sweptAt)), new Date(String(value.heldUntil))];
  return Number.isNaN(sweptAt.getTime()) || Number.isNaN(heldUntil.getTime()) ? null : { sweptAt, heldUntil };
}
