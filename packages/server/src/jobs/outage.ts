import { setTimeout as sleep } from 'node:timers/promises';
import { DatabaseAway } from '../database/database.ts';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2000;

/** How long whoever waits for the outcome of a job puts up with a database that is away. */
export const OUTAGE_PATIENCE_MS = 10 * 60_000;

/**
 * Runs the work again and again while the database is away. It is run once whatever the signal says: who has got so far, such as to
 * pictures that are paid for, is served when that needs no waiting.
 *
 * @param options.withinMs after which it is given up; absent: never
 * @throws DatabaseAway once that is over, the signal's reason, or what else the work throws
 */
export async function outlast<Result>(
  work: (attempt: number) => Promise<Result>,
  { signal, withinMs = Number.POSITIVE_INFINITY }: { readonly signal?: AbortSignal; readonly withinMs?: number } = {},
): Promise<Result> {
  const began = performance.now();
  for (let attempt = 1; ; attempt += 1) {
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(attempt - 1, 10));
    try {
      return await work(attempt);
    } catch (error) {
      if (!(error instanceof DatabaseAway) || performance.now() - began + pauseMs > withinMs) throw error;
    }
    await pause(pauseMs, signal);
  }
}

/** @throws the signal's reason */
async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(ms, undefined, signal ? { signal } : {}).catch((error: unknown) => {
    throw signal?.aborted ? signal.reason : error;
  });
}
