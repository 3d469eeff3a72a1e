import { setTimeout as sleep } from 'node:timers/promises';
import { hasCode } from '@easel/errors';
import { sql } from 'kysely';
import type { Database, Queries } from '../../src/database/database.ts';
import type { Fate } from './interleaving.ts';

class Aborted extends Error {}

export type Outcome<Result> =
  | { readonly kind: 'committed'; readonly result: Result }
  /** Certainly undone, or, where the connection broke, undone or committed. */
  | { readonly kind: 'crashed'; readonly error: unknown };

export interface Connections {
  readonly database: Database;
  /** Another pool, whose connections nobody cuts. */
  readonly safe: Database;
}

/**
 * Runs the work in a transaction that meets its fate. A connection is cut once: the work that is done again on another one is left
 * alone. Errors that no crash explains are thrown.
 */
export async function runToFate<Result>(
  { database, safe }: Connections,
  fate: Fate,
  work: (queries: Queries) => Promise<Result>,
): Promise<Outcome<Result>> {
  const cuts: Promise<unknown>[] = [];
  let attempts = 0;
  try {
    const result = await database.transaction(async (queries) => {
      const cut = await cutterOf(queries, safe);
      attempts += 1;
      const isFirst = attempts === 1;
      if (isFirst && fate.kind === 'is cut off at some moment') cuts.push(sleep(fate.afterMs).then(cut));
      const done = await work(queries);
      if (fate.kind === 'aborts') throw new Aborted();
      if (isFirst && fate.kind === 'is cut off') await cut();
      return done;
    });
    return { kind: 'committed', result };
  } catch (error) {
    if (isCrash(error)) return { kind: 'crashed', error };
    throw error;
  } finally {
    await Promise.all(cuts);
  }
}

/** Ends the server's side of the connection, as a crash or a cut cable would. */
async function cutterOf(queries: Queries, safe: Database) {
  const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(queries);
  return () => sql`select pg_terminate_backend(${rows[0]?.pid}, 60000)`.execute(safe.kysely);
}

/** A connection that is cut may already be at work for somebody else: any transaction may see it break. */
function isCrash(error: unknown): boolean {
  if (error instanceof Aborted || hasCode(error, 'database_lost')) return true;
  return error instanceof Error && /terminat|connection error|not queryable|ECONNRESET|EPIPE/i.test(error.message);
}
