import { readdir, readFile } from 'node:fs/promises';
import type { Database } from '../../packages/server/src/database/database.ts';
import { runSql } from '../../packages/server/test/support/run-sql.ts';
import { readProcesses } from './processor-times.ts';

/** What is looked at, each as a number that must not grow: bytes, descriptors, milliseconds. */
export type Sample = Readonly<Record<string, number>>;

/** What the database's processes share, in the main its cache of pages, which fills as its tables grow and then stays. */
export const SHARED_MEMORY = 'shared memory of the database';

/** Resident memory and open files of a server's process, of its engine and of its database (Linux: /proc). */
export async function sampleProcesses(server: number, postmaster: number): Promise<Sample> {
  const processes = [...(await readProcesses())];
  const childrenOf = (pid: number) => processes.flatMap(([child, { parent }]) => (parent === pid ? [child] : []));
  const engines = childrenOf(server).filter((pid) => pid !== postmaster);
  const database = [postmaster, ...childrenOf(postmaster)];
  const [ofServer, ofEngine, ofDatabase] = await Promise.all([[server], engines, database].map(memoryOf));
  return {
    'memory of the server': ofServer.own,
    'memory of the engine': ofEngine.own,
    'memory of the database': ofDatabase.own,
    [SHARED_MEMORY]: ofDatabase.shared,
    'open files of the server': await filesOf([server]),
    'open files of the engine': await filesOf(engines),
  };
}

/** Of what processes share each counts with its share. */
async function memoryOf(pids: readonly number[]): Promise<{ readonly own: number; readonly shared: number }> {
  const texts = await Promise.all(pids.map((pid) => textOf(`/proc/${pid}/smaps_rollup`)));
  const bytesOf = (line: RegExp) => texts.reduce((sum, text) => sum + 1024 * Number(line.exec(text)?.[1] ?? 0), 0);
  const shared = bytesOf(/^Pss_Shmem:\s+(\d+)/m);
  return { own: bytesOf(/^Pss:\s+(\d+)/m) - shared, shared };
}

/** The most that `SHARED_MEMORY` can be. */
export async function mostSharedMemory({ kysely }: Database): Promise<number> {
  const [row] = await runSql<{ bytes: number }>(
    kysely,
    `select pg_size_bytes(current_setting('shared_memory_size'))::float8 as bytes`,
  );
  return row?.bytes ?? 0;
}

async function filesOf(pids: readonly number[]): Promise<number> {
  const names = await Promise.all(pids.map((pid) => readdir(`/proc/${pid}/fd`).catch(() => [])));
  return names.flat().length;
}

/** Of a process that has just ended there is none. */
function textOf(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}

/** Tables that get rows with every job; those of the ledger keep them for ever. */
const OF_EACH_JOB = /\.(?:jobs|job|job_\w+|j[0-9a-f]{20,}|ledger_\w+|holds|idempotency)$/;

/**
 * The size of the tables: of those that get rows with every job for each of their rows, which grows when dead rows are not removed; of
 * all others as a whole.
 */
export async function sampleTables({ kysely }: Database): Promise<Sample> {
  const tables = await runSql<{ name: string; size: number }>(
    kysely,
    `select format('%I.%I', nspname, relname) as name, pg_total_relation_size(c.oid)::float8 as size
    from pg_class c join pg_namespace n on n.oid = relnamespace
    where relkind = 'r' and nspname in ('easel', 'pgboss')`,
  );
  let [bytes, rows, others] = [0, 0, 0];
  for (const { name, size } of tables) {
    if (!OF_EACH_JOB.test(name)) {
      others += size;
      continue;
    }
    bytes += size;
    const [count] = await runSql<{ rows: number }>(kysely, `select count(*)::float8 as rows from ${name}`);
    rows += count?.rows ?? 0;
  }
  return { 'bytes for a row of the tables of jobs': bytes / Math.max(1, rows), 'size of the other tables': others };
}
