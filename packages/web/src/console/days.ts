const DAY_MS = 24 * 3600 * 1000;

/**
 * Every day from the first to the last, both included, as `YYYY-MM-DD`.
 *
 * @example
 * daysFrom('2026-02-27', '2026-03-01'); // ['2026-02-27', '2026-02-28', '2026-03-01']
 */
export function daysFrom(first: string, last: string): string[] {
  const days: string[] = [];
  for (let time = Date.parse(first); time <= Date.parse(last); time += DAY_MS) {
    days.push(new Date(time).toISOString().slice(0, 10));
  }
  return days;
}
