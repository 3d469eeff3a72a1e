import type { Selectable } from 'kysely';
import type { Transaction } from '../database/database.ts';
import type { WorkersTable } from '../database/tables.ts';
import { queriesOf } from '../database/transaction.ts';
import type { WorkerRecord, WorkerState, Workers } from './workers-port.ts';

export const workersInPostgres: Workers = {
  async put(transaction: Transaction, worker: WorkerRecord): Promise<void> {
    const { id, hostname, pid, models, startedAt, seenAt, state, runningJob, problem, modelMemory } = worker;
    const present = {
      seen_at: seenAt,
      state,
      running_job: runningJob,
      problem,
      model_memory: JSON.stringify(Object.fromEntries(modelMemory)),
    };
    await queriesOf(transaction)
      .insertInto('workers')
      .values({ id, hostname, pid, models: [...models], started_at: startedAt, ...present })
      .onConflict((conflict) => conflict.column('id').doUpdateSet(present))
      .execute();
  },

  async remove(transaction: Transaction, id: string): Promise<void> {
    await queriesOf(transaction).deleteFrom('workers').where('id', '=', id).execute();
  },

  async seenSince(transaction: Transaction, time: Date): Promise<WorkerRecord[]> {
    const query = queriesOf(transaction).selectFrom('workers').selectAll().where('seen_at', '>=', time);
    return (await query.orderBy('started_at').orderBy('id').execute()).map(toWorkerRecord);
  },

  async deleteSeenBefore(transaction: Transaction, time: Date): Promise<number> {
    const query = queriesOf(transaction).deleteFrom('workers').where('seen_at', '<', time);
    return Number((await query.executeTakeFirst()).numDeletedRows);
  },
};

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
  };
}

function toWorkerState(state: string): WorkerState {
  return state === 'idle' || state === 'busy' ? state : 'starting';
}
