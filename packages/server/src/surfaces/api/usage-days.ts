import type { UsageQuery } from '@easel/contract';

const DAY_MS = 24 * 60 * 60 * 1000;
/** How many days are told of when nobody says. */
const USUAL_DAYS = 30;

export interface UsageDays {
  /** Days of UTC, `YYYY-MM-DD`, both included. */
  readonly from: string;
  readonly to: string;
  /** The same as instants; the end is not included. */
  readonly start: Date;
  readonly end: Date;
}

/** The days of a query, by default the 30 that end today. */
export function usageDays({ from, to }: UsageQuery, now: Date): UsageDays {
  const last = to ?? dayOf(now);
  const first = from ?? dayOf(new Date(startOf(last).getTime() - (USUAL_DAYS - 1) * DAY_MS));
  return { from: first, to: last, start: startOf(first), end: new Date(startOf(last).getTime() + DAY_MS) };
}

function dayOf(moment: Date): string {
  return moment.toISOString().slice(0, 10);
}

function startOf(day: string): Date {
  return new Date(`${day}T00:00:00.000Z`);
}
