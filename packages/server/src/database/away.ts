import { setTimeout as sleep } from 'node:timers/promises';
import { CodedError, hasCode } from '@easel/errors';
import { DatabaseError } from 'pg';

/** The database could not be reached, or went away in the middle. It is temporary: callers that can wait try again. */
export function databaseLost(cause: unknown): CodedError<'database_lost'> {
  return new CodedError('database_lost', 'the database cannot be reached at the moment', {
    remedy: 'send the request again in a few seconds',
    cause,
  });
}

/**
 * Classes and codes that say that the server, not the query, is at fault (PostgreSQL, Appendix A): connection exceptions,
 * insufficient resources, shutdowns and starts, a standby that took over and only reads.
 */
const awayCodes = /^(08...|53...|57P0[1235]|25006)$/;

const networkCodes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EMFILE',
  'ENFILE',
]);

/** What the driver says without a code. */
const driverMessages =
  /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered|Query read timeout)/;

/** Whether something thrown by database work means that the database could not be reached, or went away in the middle. */
export function isAway(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isAway);
  if (error instanceof DatabaseError) return awayCodes.test(error.code ?? '');
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? error.code : undefined;
  if (typeof code !== 'string') return driverMessages.test(error.message);
  // The socket's file is gone while the server is not there.
  return networkCodes.has(code) || (code === 'ENOENT' && 'syscall' in error && error.syscall === 'connect');
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2000;

/** How long requests that wait for a job go on while the database is away. */
export const LONGEST_OUTAGE_MS = 10 * 60_000;

/**
 * Runs the work again and again while the database is away. It is run once even after the signal: a client that is owed something already,
 * such as pictures that are paid for, gets it when that needs no waiting.
 *
 * @param options.withinMs how long to go on; absent: without end
 * @throws CodedError `database_lost` once that is over, the signal's reason, or what else the work throws
 */
export async function retryDuringOutage<Result>(
  work: (attempt: number) => Promise<Result>,
  { signal, withinMs = Number.POSITIVE_INFINITY }: { readonly signal?: AbortSignal; readonly withinMs?: number } = {},
): Promise<Result> {
  const began = performance.now();
  for (let attempt = 1; ; attempt += 1) {
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(attempt - 1, 10));
    try {
      return await work(attempt);
    } catch (error) {
      if (!hasCode(error, 'database_lost') || performance.now() - began + pauseMs > withinMs) throw error;
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
