import type { Clock } from '../clock.ts';
import type { Database } from '../database/database.ts';
import type { RateLimits } from './rate-limits-port.ts';

const WINDOW_MS = 60_000;

export interface RateLimiterParts {
  readonly database: Database;
  readonly rateLimits: RateLimits;
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

/** A fixed number of requests for each key in each minute of the clock, whichever process they come to. */
export class RateLimiter {
  readonly #parts: RateLimiterParts;

  constructor(parts: RateLimiterParts) {
    this.#parts = parts;
  }

  /** Counts one request; a refused one counts too. */
  async take(key: { readonly keyId: string; readonly requestsPerMinute: number | null }): Promise<RateLimitState> {
    const { database, rateLimits, clock } = this.#parts;
    const limit = key.requestsPerMinute ?? this.#parts.requestsPerMinute;
    const start = windowStart(clock.now());
    const count = await database.transaction((transaction) => rateLimits.count(transaction, key.keyId, start));
    return {
      isAllowed: count <= limit,
      limit,
      remaining: Math.max(0, limit - count),
      resetAt: new Date(start.getTime() + WINDOW_MS),
    };
  }
}

function windowStart(now: Date): Date {
  return new Date(now.getTime() - (now.getTime() % WINDOW_MS));
}
