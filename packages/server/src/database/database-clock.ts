import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Clock } from '../clock.ts';
import type { Database } from './database.ts';

const COMPARE_EVERY_MS = 10_000;
/** Clocks that a time service keeps differ by less, and so does what the way to the database hides. */
const NOTICED_MS = 1000;

/**
 * The time of the database, which all servers and workers of an installation share: what one of them dates fits what another has dated,
 * also where the clock of its machine is wrong. A difference of less than a second does not count.
 */
export class DatabaseClock implements Clock {
  readonly #database: Pick<Database, 'kysely'>;
  readonly #onDifference: (ms: number) => void;
  /** The database's clock is ahead by so much. */
  #differenceMs = 0;

  /** @param onDifference told of a new difference of a second or more, and of 0 when it is gone */
  constructor(database: Pick<Database, 'kysely'>, onDifference: (ms: number) => void) {
    this.#database = database;
    this.#onDifference = onDifference;
  }

  now(): Date {
    return new Date(Date.now() + this.#differenceMs);
  }

  /** Compares the clocks. @throws Error where the database does not answer */
  async compare(): Promise<void> {
    const asked = performance.now();
    const { rows } = await sql<{
      ms: number;
    }>`select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms`.execute(this.#database.kysely);
    const halfway = (performance.now() - asked) / 2;
    const difference = (rows[0]?.ms ?? Date.now()) - (Date.now() - halfway);
    const counts = Math.abs(difference) >= Math.max(NOTICED_MS, halfway);
    const before = this.#differenceMs;
    this.#differenceMs = counts ? Math.round(difference) : 0;
    if (Math.abs(this.#differenceMs - before) >= NOTICED_MS) this.#onDifference(this.#differenceMs);
  }

  /** Compares the clocks every ten seconds until the signal. While the database is away, the last difference counts. */
  async keep(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(COMPARE_EVERY_MS, undefined, { signal, ref: false }).catch(() => {});
      if (!signal.aborted) await this.compare().catch(() => {});
    }
  }
}
