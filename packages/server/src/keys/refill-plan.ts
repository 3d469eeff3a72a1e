import type { RefillMode } from '@easel/contract';
import { monthOf } from './key-months.ts';

/** What an account gets each month. */
export interface RefillTerms {
  /** Micro-credits. */
  readonly amount: bigint;
  /** Of the month, from 1 to 31; in a shorter month its last day. It begins at midnight UTC. */
  readonly day: number;
  /** `add`: the amount is added; `top_up`: the balance, with what is held, is raised to the amount, and left alone where it is more. */
  readonly mode: RefillMode;
}

export interface Refill extends RefillTerms {
  /** When it was set, or the account was reopened: days before do not count, this day itself does. */
  readonly since: Date;
}

/** The months that a refill may be late for: this one and the one before, so that a server that was down over the day makes up for it. */
const LATE_MONTHS = 1;

/**
 * The months (`YYYY-MM`) whose day has come and that are not done, oldest first.
 *
 * @param done months of the recent past and, after a clock was wrong, of the future
 */
export function dueMonths(refill: Pick<Refill, 'day' | 'since'>, done: readonly string[], now: Date): string[] {
  const months = Array.from({ length: LATE_MONTHS + 1 }, (_, index) => index - LATE_MONTHS);
  return months
    .map((offset) => dayIn(now, offset, refill.day))
    .filter((day) => day <= now && day >= startOfDay(refill.since))
    .map(monthOf)
    .filter((month) => !done.includes(month));
}

/** When the next refill is; in the past for one that is about to happen. */
export function nextRefill(refill: Pick<Refill, 'day' | 'since'>, done: readonly string[], now: Date): Date {
  for (let offset = -LATE_MONTHS; ; offset += 1) {
    const day = dayIn(now, offset, refill.day);
    if (day >= startOfDay(refill.since) && !done.includes(monthOf(day))) return day;
  }
}

/** Midnight UTC of a day in the month that is `offset` months after now's. */
function dayIn(now: Date, offset: number, day: number): Date {
  const [year, month] = [now.getUTCFullYear(), now.getUTCMonth() + offset];
  const lastDay = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  return new Date(Date.UTC(year, month, Math.min(day, lastDay)));
}

/** The oldest month that `dueMonths` and `nextRefill` want to know of. */
export function oldestMonth(now: Date): string {
  return monthOf(dayIn(now, -LATE_MONTHS, 1));
}

function startOfDay(moment: Date): Date {
  return new Date(Date.UTC(moment.getUTCFullYear(), moment.getUTCMonth(), moment.getUTCDate()));
}
