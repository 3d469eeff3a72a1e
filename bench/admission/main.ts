/**
 * How many jobs one PostgreSQL accepts, each with its hold, ledger rows and queue entry, in the service's own transaction, without HTTP:
 * by the number of queued jobs, and for one account whose row all submissions need; without workers, or while some, in a process of their
 * own, take the jobs, sleep instead of drawing, and end them.
 *
 *   npm run bench:admission -- [--jobs 8000] [--at-once 256] [--connections 10] [--accounts 1000] [--workers 0] [--sleep-ms 100]
 *
 * The database, the embedded one with its usual settings, and the submitting process share this machine's processors.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startEmbeddedPostgres } from '@easel/embedded-postgres';
import { openDatabase } from '../../packages/server/src/database/database.ts';
import { migrate } from '../../packages/server/src/database/migrate.ts';
import { newCustomer } from '../../packages/server/test/support/customers.ts';
import { aSubmission } from '../../packages/server/test/support/job-requests.ts';
import { startJobServices } from '../../packages/server/test/support/job-services.ts';
import { watchLocks } from '../../packages/server/test/support/lock-waits.ts';
import { quantile } from '../load/statistics.ts';
import type { Errand } from './sleeping-workers.ts';

const { values } = parseArgs({
  options: {
    jobs: { type: 'string', default: '8000' },
    'at-once': { type: 'string', default: '256' },
    connections: { type: 'string', default: '10' },
    accounts: { type: 'string', default: '1000' },
    workers: { type: 'string', default: '0' },
    'sleep-ms': { type: 'string', default: '100' },
  },
});
const jobs = Number(values.jobs);
const atOnce = Number(values['at-once']);
const connections = Number(values.connections);
const accounts = Number(values.accounts);
const workers = Number(values.workers);
const sleepMs = Number(values['sleep-ms']);
const DRAIN_MS = 15_000;
const PARTS = 4;
const MODEL = 'demo';
/** Submissions of one account, sent all at once. */
const OF_ONE_ACCOUNT = 1000;

const folder = await mkdtemp(join(tmpdir(), 'easel-admission-'));
await chmod(folder, 0o711); // as root, the account that PostgreSQL runs as has to pass
const postgres = await startEmbeddedPostgres({ dataDir: join(folder, 'database') });
const address = postgres.connection;
const database = openDatabase({ address, poolSize: connections, onConnectionLost: () => {} });
await migrate(database.kysely);
const services = await startJobServices({
  address,
  database,
  folder,
  models: [MODEL],
  queueLength: 1e6,
  queuedPerAccount: 1e6,
});
const sleeping = workers > 0 ? await startWorkers({ address, folder, model: MODEL, workers, sleepMs }) : undefined;
try {
  note('machine', {
    cpu: cpus()[0]?.model ?? '',
    cores: cpus().length,
    load: loadavg()[0] ?? 0,
  });
  const customers = await inTurns(accounts, () => newCustomer(database, { available: 10n ** 12n }), connections);
  for (let part = 0; part < PARTS; part++) {
    const queued = (part * jobs) / PARTS;
    await measure(
      `${accounts} accounts, from ${queued} queued jobs on`,
      jobs / PARTS,
      (index) => customers[index % accounts],
    );
  }
  const hot = await newCustomer(database, { available: 10n ** 12n });
  await measure(`one account, ${OF_ONE_ACCOUNT} submissions at once`, OF_ONE_ACCOUNT, () => hot, OF_ONE_ACCOUNT);
  if (sleeping) await measureEnds();
} finally {
  sleeping?.disconnect();
  await services.stop();
  await database.close();
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
}

type Customer = Awaited<ReturnType<typeof newCustomer>>;

/** Submits, so many at the same time, and says how fast that was and how long transactions waited for locks. */
async function measure(
  what: string,
  count: number,
  customerOf: (index: number) => Customer | undefined,
  lanes = atOnce,
): Promise<void> {
  const latencies: number[] = [];
  const endedBefore = await countEnded();
  const watch = watchLocks(address);
  const began = performance.now();
  await inTurns(
    count,
    async (index) => {
      const customer = customerOf(index);
      if (customer === undefined) throw new Error('no such customer');
      const at = performance.now();
      await services.submitJob(aSubmission(customer));
      latencies.push(performance.now() - at);
    },
    lanes,
  );
  const seconds = (performance.now() - began) / 1000;
  const waits = await watch.end();
  // A submission that never waited is one of 0 ms.
  const all = [...waits, ...Array<number>(Math.max(0, count - waits.length)).fill(0)];
  note(what, {
    perSecond: count / seconds,
    ...(workers > 0 && { endedPerSecond: ((await countEnded()) - endedBefore) / seconds }),
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    lockWaitP50Ms: quantile(all, 0.5),
    lockWaitP99Ms: quantile(all, 0.99),
  });
}

/** What the workers end when nothing is submitted any more. */
async function measureEnds(): Promise<void> {
  const endedBefore = await countEnded();
  await setTimeout(DRAIN_MS);
  note('nothing submitted any more', { endedPerSecond: ((await countEnded()) - endedBefore) / (DRAIN_MS / 1000) });
}

async function startWorkers(errand: Errand): Promise<ChildProcess> {
  const child = fork(new URL('./sleeping-workers.ts', import.meta.url), { stdio: 'inherit' });
  child.send(errand);
  await once(child, 'message');
  return child;
}

/** Jobs that workers have ended so far. */
async function countEnded(): Promise<number> {
  const ended = database.kysely.selectFrom('jobs').where('state', '=', 'succeeded');
  const { count } = await ended.select(({ fn }) => fn.countAll<bigint>().as('count')).executeTakeFirstOrThrow();
  return Number(count);
}

/** Carries out so much work, so many pieces at a time. */
async function inTurns<Result>(
  count: number,
  work: (index: number) => Promise<Result>,
  lanes: number,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const lane = async () => {
    while (next < count) {
      const index = next++;
      results[index] = await work(index);
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return results;
}

function note(what: string, figures: Readonly<Record<string, number | string>>): void {
  const shown = Object.entries(figures).map(([name, value]) => [
    name,
    typeof value === 'number' ? Number(value.toPrecision(3)) : value,
  ]);
  console.log(JSON.stringify({ what, ...Object.fromEntries(shown) }));
}
