import { setTimeout as sleep } from 'node:timers/promises';
import { DatabaseError } from 'pg';

/** serialization_failure and deadlock_detected (PostgreSQL, Appendix A): the transaction was undone and may be run again. */
const lostToAnother = new Set(['40001', '40P01']);
const MOST_RETRIES = 5;
const FIRST_PAUSE_MS = 5;

/** Runs the work again while it loses against a concurrent transaction, at most five times, after growing random pauses. */
export async function retryLost<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let retry = 0; ; retry++) {
    try {
      return await work();
    } catch (error) {
      if (!isLost(error) || retry === MOST_RETRIES) throw error;
      await sleep(Math.random() * FIRST_PAUSE_MS * 2 ** retry);
    }
  }
}

function isLost(error: unknown): boolean {
  return error instanceof DatabaseError && error.code !== undefined && lostToAnother.has(error.code);
}
