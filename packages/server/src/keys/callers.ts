import type { KeyScope } from '@easel/contract';
import type { Clock } from '../clock.ts';
import type { Database, Queries } from '../database/database.ts';
import { DomainError } from '../domain-error.ts';

/** Who a request comes from: what its key says. */
export interface Caller {
  readonly accountId: string;
  readonly keyId: string;
  readonly keyName: string;
  readonly scopes: readonly KeyScope[];
  /** The only models it may use; null: all. */
  readonly models: readonly string[] | null;
  /** null: the server's own limit. */
  readonly requestsPerMinute: number | null;
  /** Micro-credits a calendar month; null: all the account has. */
  readonly monthlyBudget: bigint | null;
}

/** An admin key may do everything. */
export function hasScope({ scopes }: Caller, scope: KeyScope): boolean {
  return scopes.includes(scope) || scopes.includes('admin');
}

/** @throws DomainError `forbidden` */
export function requireScope(caller: Caller, scope: KeyScope): void {
  if (hasScope(caller, scope)) return;
  throw new DomainError(
    'forbidden',
    `this needs a key with the scope "${scope}"; the key "${caller.keyName}" has: ${caller.scopes.join(', ')}`,
  );
}

/** @throws DomainError `forbidden` */
export function requireModel({ models, keyName }: Caller, model: string): void {
  if (models === null || models.includes(model)) return;
  throw new DomainError(
    'forbidden',
    `the key "${keyName}" may not use the model ${model}; it may use: ${models.join(', ') || 'none'}`,
    { param: 'model' },
  );
}

/** After the database did not answer. */
const CHECK_AGAIN_MS = 1000;
/** Timers take no more milliseconds than 31 bits have. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** How a change of a key is noticed. */
export interface KeyWatchParts {
  readonly bus: { onKeyChange(keyId: string, callback: () => void): Disposable };
  /** @returns when it expires, null: never @throws DomainError `unauthorized` */
  readonly keys: { expiryOf(keyId: string): Promise<Date | null> };
}

export interface KeyWatch extends Disposable {
  /** Aborted, with DomainError `unauthorized`, once the key is revoked, in whichever process, or has expired. */
  readonly signal: AbortSignal;
}

/** Watches the key of a long request. To be disposed of with the request. */
export function watchKey({ bus, keys }: KeyWatchParts, keyId: string): KeyWatch {
  const ended = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let isOver = false;
  const checkIn = (ms: number) => {
    clearTimeout(timer);
    if (!isOver) timer = setTimeout(() => void check(), Math.min(ms, LONGEST_TIMER_MS)).unref();
  };
  const check = async (): Promise<void> => {
    try {
      const expiresAt = await keys.expiryOf(keyId);
      if (expiresAt !== null) checkIn(Math.max(0, expiresAt.getTime() - Date.now()));
    } catch (error) {
      if (error instanceof DomainError) ended.abort(error);
      else checkIn(CHECK_AGAIN_MS);
    }
  };
  const watch = bus.onKeyChange(keyId, () => void check());
  // It may have been revoked since the request was let in.
  void check();
  return {
    signal: ended.signal,
    [Symbol.dispose]() {
      isOver = true;
      clearTimeout(timer);
      watch[Symbol.dispose]();
    },
  };
}

export const RATE_WINDOW_SECONDS = 60;
const RATE_WINDOW_MS = RATE_WINDOW_SECONDS * 1000;

export interface RateLimiterParts {
  readonly database: Database;
  readonly clock: Clock;
  /** Requests a minute for a key without a limit of its own. */
  readonly requestsPerMinute: number;
}

/** What the headers about the rate limit say. */
export interface RateLimitState {
  readonly isAllowed: boolean;
  /** Requests in one window. */
  readonly limit: number;
  readonly remaining: number;
  readonly resetAt: Date;
}

/**
 * Counts one request against the key's rate limit: a fixed number of requests in each minute of the clock, whichever process they come
 * to. A refused request counts too.
 */
export async function countAgainstLimit(
  { database, clock, requestsPerMinute }: RateLimiterParts,
  key: Pick<Caller, 'keyId' | 'requestsPerMinute'>,
): Promise<RateLimitState> {
  const start = windowStartAt(clock.now());
  const count = await database.transaction((queries) => countInWindow(queries, key.keyId, start));
  return stateOf(count, start, key.requestsPerMinute ?? requestsPerMinute);
}

/** What is left of the key's rate limit; counts nothing. */
export async function readLimit(
  { database, clock, requestsPerMinute }: RateLimiterParts,
  key: Pick<Caller, 'keyId' | 'requestsPerMinute'>,
): Promise<RateLimitState> {
  const start = windowStartAt(clock.now());
  const counted = await database.transaction((queries) =>
    queries
      .selectFrom('rate_windows')
      .select('count')
      .where('key_id', '=', key.keyId)
      .where('window_start', '=', start)
      .executeTakeFirst(),
  );
  return stateOf(counted?.count ?? 0, start, key.requestsPerMinute ?? requestsPerMinute);
}

function windowStartAt(now: Date): Date {
  return new Date(now.getTime() - (now.getTime() % RATE_WINDOW_MS));
}

function stateOf(count: number, start: Date, limit: number): RateLimitState {
  return {
    isAllowed: count <= limit,
    limit,
    remaining: Math.max(0, limit - count),
    resetAt: new Date(start.getTime() + RATE_WINDOW_MS),
  };
}

/** @returns how many requests of the key there are in the window now, this one included */
async function countInWindow(queries: Queries, keyId: string, windowStart: Date): Promise<number> {
  const { count } = await queries
    .insertInto('rate_windows')
    .values({ key_id: keyId, window_start: windowStart, count: 1 })
    .onConflict((conflict) =>
      conflict
        .columns(['key_id', 'window_start'])
        .doUpdateSet(({ eb, ref }) => ({ count: eb(ref('rate_windows.count'), '+', 1) })),
    )
    .returning('count')
    .executeTakeFirstOrThrow();
  return count;
}

/** Deletes the counts of minutes that began before the time. @returns how many */
export async function deleteRateWindowsBefore(queries: Queries, time: Date): Promise<number> {
  const past = queries.deleteFrom('rate_windows').where('window_start', '<', time);
  return Number((await past.executeTakeFirst()).numDeletedRows);
}
