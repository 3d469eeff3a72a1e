import type { WorkerEngine } from '@easel/contract';
import { type Selectable, sql } from 'kysely';
import type { Database, Queries } from '../database/database.ts';
import type { WorkersTable } from '../database/tables.ts';
import { isSeenWithin, WORKER_SILENCE_MS } from '../jobs/live-engines.ts';

/** A worker without a heartbeat for longer is not listed. */
const LISTED_MS = 60 * 60 * 1000;

/** `starting`: it takes no jobs of some model yet, since it has not made a picture with it and is not known to work. */
export type WorkerState = 'starting' | 'idle' | 'busy';

export interface WorkerRecord {
  readonly id: string;
  readonly hostname: string;
  readonly pid: number;
  readonly models: readonly string[];
  readonly startedAt: Date;
  readonly seenAt: Date;
  readonly state: WorkerState;
  readonly runningJob: string | null;
  /** Why it takes no jobs at the moment; null: it does. */
  readonly problem: string | null;
  /** Resident bytes of each model's process; see Painter.memory. */
  readonly modelMemory: ReadonlyMap<string, number>;
  readonly engines: readonly WorkerEngine[];
}

export interface ListedWorker extends WorkerRecord {
  /** No heartbeat for too long. */
  readonly isLost: boolean;
}

/** The workers of the last hour, the oldest first. */
export function listWorkers(database: Pick<Database, 'transaction'>): Promise<ListedWorker[]> {
  return database.transaction((queries) => workersSeenWithin(queries, LISTED_MS));
}

/** Inserts or updates. It is seen at the time of the database's clock: those of several machines differ. */
export async function saveWorker(queries: Queries, worker: Omit<WorkerRecord, 'seenAt'>): Promise<void> {
  const { id, hostname, pid, models, startedAt, state, runningJob, problem, modelMemory, engines } = worker;
  const present = {
    seen_at: sql<Date>`clock_timestamp()`,
    state,
    running_job: runningJob,
    problem,
    model_memory: JSON.stringify(Object.fromEntries(modelMemory)),
    engines: JSON.stringify(engines),
  };
  await queries
    .insertInto('workers')
    .values({ id, hostname, pid, models: [...models], started_at: startedAt, ...present })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(present))
    .execute();
}

export async function deleteWorker(queries: Queries, id: string): Promise<void> {
  await queries.deleteFrom('workers').where('id', '=', id).execute();
}

export async function workersSeenWithin(queries: Queries, ms: number): Promise<ListedWorker[]> {
  const query = queries
    .selectFrom('workers')
    .selectAll()
    .select(sql<boolean>`not ${isSeenWithin(WORKER_SILENCE_MS)}`.as('is_lost'))
    .where(isSeenWithin(ms));
  const rows = await query.orderBy('started_at').orderBy('id').execute();
  return rows.map((row) => ({ ...toWorkerRecord(row), isLost: row.is_lost }));
}

/** @returns how many */
export async function deleteWorkersSeenBefore(queries: Queries, time: Date): Promise<number> {
  const query = queries.deleteFrom('workers').where('seen_at', '<', time);
  return Number((await query.executeTakeFirst()).numDeletedRows);
}

function toWorkerRecord(row: Selectable<WorkersTable>): WorkerRecord {
  return {
    id: row.id,
    hostname: row.hostname,
    pid: row.pid,
    models: row.models,
    startedAt: row.started_at,
    seenAt: row.seen_at,
    state: toWorkerState(row.state),
    runningJob: row.running_job,
    problem: row.problem,
    modelMemory: new Map(Object.entries(row.model_memory)),
    engines: row.engines,
  };
}

function toWorkerState(state: string): WorkerState {
  return state === 'idle' || state === 'busy' ? state : 'starting';
}
