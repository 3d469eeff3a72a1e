import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { type DatabaseAddress, openDatabase } from '../../src/database/database.ts';

/**
 * Looks every few milliseconds at who waits for a lock since when (pg_locks, from PostgreSQL 14 on).
 *
 * @returns what ends the watch, with the milliseconds of each wait that was seen
 */
export function watchLocks(address: DatabaseAddress) {
  const waited = new Map<string, number>();
  const watching = openDatabase({ address, poolSize: 1, onConnectionLost: () => {} });
  const stop = new AbortController();
  const looking = (async () => {
    while (!stop.signal.aborted) {
      const { rows } = await sql<{ wait: string; ms: number }>`
        select pid || ' ' || waitstart as wait, extract(epoch from clock_timestamp() - waitstart)::float8 * 1000 as ms
        from pg_locks where not granted and waitstart is not null`.execute(watching.kysely);
      for (const { wait, ms } of rows) waited.set(wait, ms);
      await sleep(3);
    }
  })();
  return {
    async end(): Promise<number[]> {
      stop.abort();
      await looking;
      await watching.close();
      return [...waited.values()];
    },
  };
}
