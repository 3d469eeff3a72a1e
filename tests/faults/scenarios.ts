import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../../packages/server/src/database/database.ts';
import { runSql } from '../../packages/server/test/support/run-sql.ts';
import { type Installation, long } from './installation.ts';
import type { Load } from './load.ts';

/**
 * The fault scenarios of a public benchmark of job queues in PostgreSQL, by their names there (hardbyte/postgresql-job-queue-benchmarking,
 * docs/method.md: `chaos_*`, `idle_in_tx_saturation`, `sustained_high_load`, `active_readers`, `event_delivery_burst`). There each is a calm
 * phase, a phase of stress and a recovery, and what counts is how many jobs are lost; here the queue is the whole service.
 */
export interface Scenario {
  readonly name: string;
  /** What happens during the stress. */
  readonly stress: string;
  /** How much is asked for meanwhile. */
  readonly load: Load;
  /** Begins what happens. @returns what ends it, and resolves when all is as before */
  readonly begin: (installation: Installation, stressMs: number) => Promise<() => Promise<void>>;
}

const nothing = async () => async () => {};

export const scenarios: readonly Scenario[] = [
  {
    name: 'postgres restart',
    stress: 'the database is stopped for half of the time',
    load: 'steady',
    async begin(installation, stressMs) {
      const restarting = installation.restartDatabase(stressMs / 2);
      return () => restarting;
    },
  },
  {
    name: 'backend kill',
    stress: 'twice a second every connection of server and workers to the database is terminated',
    load: 'steady',
    async begin(installation) {
      const database = installation.connect(1);
      const killing = repeated(500, () => terminateOthers(database));
      return async () => {
        await killing();
        await database.close();
      };
    },
  },
  {
    name: 'pool exhaustion',
    stress: '300 idle connections are asked for, and as many are held as the database admits',
    load: 'steady',
    begin: (installation) => holdConnections(installation, 300),
  },
  {
    name: 'crash recovery',
    stress: 'a worker with a running job is killed (SIGKILL) and another one is started',
    load: 'steady',
    async begin(installation) {
      const killing = killWorkerAtWork(installation);
      return () => killing;
    },
  },
  {
    name: 'repeated kills',
    stress: 'again and again a worker with a running job is killed, as soon as its successor takes jobs',
    load: 'steady',
    async begin(installation) {
      const killing = repeated(0, () => killWorkerAtWork(installation), 2);
      return killing;
    },
  },
  {
    name: 'idle transaction',
    stress: 'a transaction that has written stays open, so that nothing dead can be removed',
    load: 'steady',
    async begin(installation) {
      const database = installation.connect(1);
      const holding = await held(database, async (queries) => {
        await runSql(queries, 'select txid_current()');
      });
      return async () => {
        await holding();
        await database.close();
      };
    },
  },
  {
    name: 'sustained load',
    stress: 'half as many jobs again are submitted as the workers can do',
    load: 'heavy',
    begin: nothing,
  },
  {
    name: 'active readers',
    stress: 'four connections read all of the tables of jobs, queue and ledger in REPEATABLE READ, again and again',
    load: 'steady',
    begin: (installation) => readTables(installation, 4),
  },
  {
    name: 'event burst',
    stress: 'three times as many jobs are submitted, all at once',
    load: 'burst',
    begin: nothing,
  },
];

/** Does it now, and again after each pause, so often at least. @returns what ends it after the next time */
function repeated(pauseMs: number, act: () => Promise<unknown>, atLeast = 1): () => Promise<void> {
  let isOver = false;
  const acting = (async () => {
    for (let count = 0; !isOver || count < atLeast; count += 1) {
      await act();
      await sleep(pauseMs);
    }
  })();
  return async () => {
    isOver = true;
    await acting;
  };
}

async function terminateOthers({ kysely }: Database): Promise<void> {
  await runSql(
    kysely,
    `select pg_terminate_backend(pid) from pg_stat_activity
    where pid <> pg_backend_pid() and backend_type = 'client backend'`,
  );
}

type OneConnection = Database['kysely'];

/** Opens a transaction, does something in it, and leaves it open. @returns what ends it */
async function held(
  database: Database,
  first: (queries: OneConnection) => Promise<void>,
): Promise<() => Promise<void>> {
  const begun = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const holding = database.kysely
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (queries) => {
      await first(queries);
      begun.resolve();
      await release.promise;
    });
  await Promise.race([begun.promise, holding]);
  return async () => {
    release.resolve();
    await holding;
  };
}

async function holdConnections(installation: Installation, wanted: number): Promise<() => Promise<void>> {
  const database = installation.connect(wanted);
  const release = Promise.withResolvers<void>();
  const [settled, holding]: [Promise<boolean>[], Promise<void>[]] = [[], []];
  for (let index = 0; index < wanted; index += 1) {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const hold = database.kysely.connection().execute(async (connection) => {
      await runSql(connection, 'select 1');
      resolve(true);
      await release.promise;
    });
    settled.push(promise);
    // The database refuses those that are too many.
    holding.push(hold.catch(() => resolve(false)));
  }
  const got = (await Promise.all(settled)).filter(Boolean).length;
  if (got === wanted) throw new Error(`the database admits more than ${wanted} connections: nothing is exhausted`);
  return async () => {
    release.resolve();
    await Promise.all(holding);
    await database.close();
  };
}

/** A job that nobody has tried before, for the third lost attempt is the last. */
async function killWorkerAtWork(installation: Installation): Promise<void> {
  const { id } = await installation.customer.jobs.create({
    ...long,
    samples: 1,
    prompt: 'a job whose worker is killed',
  });
  const worker = await installation.workerOf(id);
  await installation.killWorker(worker);
  await installation.startWorker();
}

async function readTables(installation: Installation, readers: number): Promise<() => Promise<void>> {
  const database = installation.connect(readers);
  let isOver = false;
  const reading = Array.from({ length: readers }, async () => {
    while (!isOver) {
      await database.kysely
        .transaction()
        .setIsolationLevel('repeatable read')
        .execute(async (queries) => {
          for (const table of ['easel.jobs', 'easel.job_events', 'easel.ledger_entries', 'pgboss.job'])
            await runSql(queries, `select sum(length(t::text)) from ${table} t`);
          await sleep(100);
        });
    }
  });
  return async () => {
    isOver = true;
    await Promise.all(reading);
    await database.close();
  };
}
