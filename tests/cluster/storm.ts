import { setTimeout as sleep } from 'node:timers/promises';
import { EaselClient, EaselError } from '@easel/client';
import type { Job } from '@easel/contract';
import { type Database, openDatabase } from '../../packages/server/src/database/database.ts';
import { randomOf } from '../kill/random.ts';
import { Cluster, type ClusterSize } from './cluster.ts';
import { faultsInTurn } from './faults.ts';

/** In which every job has to have ended once all is well again. */
const PATIENCE_MS = 600_000;
const CREDITS = 100;

export interface StormOptions extends ClusterSize {
  readonly jobs: number;
  readonly seed: number;
  /** At most this many; null: as long as jobs are submitted. */
  readonly faults: number | null;
  readonly longestFaultMs: number;
  readonly report: (line: string) => void;
  /** Done before the first job. */
  readonly prepare: (cluster: Cluster) => Promise<void>;
  /** What else must hold when all is well again, besides what every storm checks. */
  readonly alsoCheck: readonly ((after: Aftermath) => Promise<void>)[];
}

/** What is left to look at. */
export interface Aftermath {
  readonly cluster: Cluster;
  readonly database: Database;
  readonly jobs: readonly Job[];
}

/** A job that a server has acknowledged. */
interface Accepted {
  readonly id: string;
  /** Whether somebody tried to cancel it. */
  readonly cancelled: boolean;
}

/**
 * Submits jobs to all servers while faults strike, and checks in the end that every job that was accepted has ended as promised, that the
 * ledger agrees with the jobs to the micro-credit, and that every picture can be fetched, whole, from every server.
 *
 * @throws Error that names the promise that was broken
 */
export async function storm(options: StormOptions): Promise<{ readonly [state: string]: number }> {
  const { jobs: count, seed, report } = options;
  const random = randomOf(seed);
  const cluster = await Cluster.start(options);
  const database = openDatabase({ address: cluster.database, onConnectionLost: () => {} });
  try {
    await options.prepare(cluster);
    const calm = new AbortController();
    const striking = strikeUntil(calm.signal, cluster, random, options);
    const customers = Array.from({ length: Math.min(8, count) }, (_, index) => index);
    const accepted: Accepted[] = [];
    await Promise.all(
      customers.map(async (customer) => {
        for (let index = customer; index < count; index += customers.length) {
          const job = await submit(cluster, `storm-${seed}-${index}`, index);
          accepted.push(job);
          // One after the other, so that there are jobs in every state as long as it storms.
          await endOf(cluster, index, job.id);
        }
      }),
    );
    calm.abort();
    await striking;
    report('all is well again');
    const ended = await untilEnded(cluster, accepted);
    await checkJobs(cluster, ended, accepted);
    await checkLedger(database, ended);
    for (const check of options.alsoCheck) await check({ cluster, database, jobs: ended });
    return Object.fromEntries([...Map.groupBy(ended, ({ status }) => status)].map(([name, own]) => [name, own.length]));
  } finally {
    await database.close();
    await cluster.stop();
  }
}

async function strikeUntil(
  signal: AbortSignal,
  cluster: Cluster,
  random: () => number,
  { faults: most, longestFaultMs, report }: StormOptions,
): Promise<void> {
  for (let struck = 0; most !== null || !signal.aborted; ) {
    for (const fault of faultsInTurn(random, longestFaultMs)) {
      if (most === null ? signal.aborted : struck === most) return;
      report(fault.what);
      await fault.strike(cluster);
      struck += 1;
      await sleep(random() * 500);
    }
  }
}

/** As a careful client does: the same request again, under the same key and to whichever server answers, until it is accepted. */
async function submit(cluster: Cluster, idempotencyKey: string, index: number): Promise<Accepted> {
  const body = { prompt: `a red apple ${index}`, num_inference_steps: 2, img_width: 64, img_height: 64, seed: index };
  const { id } = await persistently(cluster, index, (client) =>
    client.jobs.create({ ...body, ...(index % 5 === 3 && { samples: 2 }) }, { idempotencyKey }),
  );
  // Some think better of it.
  const cancelled = index % 10 === 7;
  if (cancelled) await persistently(cluster, index, (client) => client.jobs.cancel(id));
  return { id, cancelled };
}

/** @throws what a server refuses for another reason than that it, or something behind it, is away */
async function persistently<Result>(
  cluster: Cluster,
  first: number,
  call: (client: EaselClient) => Promise<Result>,
): Promise<Result> {
  const deadline = performance.now() + PATIENCE_MS;
  for (let attempt = first; ; attempt += 1) {
    const url = cluster.servers[attempt % cluster.servers.length]?.url();
    try {
      if (url === undefined) throw new TypeError('this server is down');
      return await call(clientOf(cluster, url));
    } catch (error) {
      const isRefusal = error instanceof EaselError && error.status < 500 && error.status !== 429;
      if (isRefusal || performance.now() > deadline) throw error;
    }
    await sleep(200);
  }
}

function clientOf({ keys }: Cluster, baseUrl: string): EaselClient {
  // A server that is paused accepts connections and never answers.
  const impatient: typeof fetch = (input, init) => {
    const late = AbortSignal.timeout(15_000);
    return fetch(input, { ...init, signal: init?.signal ? AbortSignal.any([init.signal, late]) : late });
  };
  return new EaselClient({ baseUrl, apiKey: keys.devKey, retries: 0, fetch: impatient });
}

/** Every one as it is now, from whichever server answers. */
function untilEnded(cluster: Cluster, accepted: readonly Accepted[]): Promise<Job[]> {
  return Promise.all(accepted.map(({ id }, index) => endOf(cluster, index, id)));
}

async function endOf(cluster: Cluster, first: number, id: string): Promise<Job> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const job = await persistently(cluster, first, (client) => client.jobs.get(id));
    if (job.status !== 'queued' && job.status !== 'running') return job;
    if (performance.now() > deadline) throw new Error(`job ${id} did not end: ${JSON.stringify(job)}`);
    await sleep(200);
  }
}

async function checkJobs(cluster: Cluster, jobs: readonly Job[], accepted: readonly Accepted[]): Promise<void> {
  const cancelled = new Set(accepted.filter((each) => each.cancelled).map(({ id }) => id));
  for (const job of jobs) {
    const { id, status, images, samples, error } = job;
    if (status === 'cancelled' && !cancelled.has(id)) throw new Error(`nobody cancelled job ${id}`);
    // Only one whose worker was lost three times.
    if (status === 'failed' && error?.code !== 'server_error')
      throw new Error(`job ${id} failed: ${JSON.stringify(error)}`);
    if (images.length !== (status === 'succeeded' ? samples : 0))
      throw new Error(`job ${id} has ${images.length} pictures`);
    for (const image of images) await checkPicture(cluster, image);
  }
}

/** From every server the same bytes, as many as were told. */
async function checkPicture(cluster: Cluster, { id, file_size }: Job['images'][number]): Promise<void> {
  const copies: Uint8Array[] = [];
  for (const server of cluster.servers) {
    const { bytes } = await clientOf(cluster, server.url() ?? '').images.get(id);
    copies.push(bytes);
  }
  const [first] = copies;
  const isSame = copies.every((copy) => copy.length === file_size && Buffer.compare(copy, first ?? copy) === 0);
  if (!isSame) throw new Error(`picture ${id} is not the same everywhere`);
}

/** In micro-credits: what the account has is what it was given less the price of each job that succeeded, and nothing is held. */
async function checkLedger({ kysely }: Database, jobs: readonly Job[]): Promise<void> {
  const succeeded = jobs.filter(({ status }) => status === 'succeeded').map(({ id }) => id);
  const rows = await kysely.selectFrom('jobs').select(['id', 'price', 'account_id', 'state']).execute();
  const spent = rows.filter(({ state }) => state === 'succeeded').reduce((sum, { price }) => sum + price, 0n);
  const charged = new Set(rows.filter(({ state }) => state === 'succeeded').map(({ id }) => id));
  const strangers = [...charged].filter((id) => !succeeded.includes(id));
  // Each request was made with a key of its own until it was acknowledged, so there is no job that nobody knows of.
  if (strangers.length > 0) throw new Error(`jobs were done that nobody was told of: ${strangers.join()}`);
  const account = rows[0]?.account_id ?? '';
  const balance = await kysely
    .selectFrom('balances')
    .select(['available', 'held'])
    .where('account_id', '=', account)
    .executeTakeFirstOrThrow();
  const expected = BigInt(CREDITS) * 1_000_000n - spent;
  if (balance.held !== 0n || balance.available !== expected) {
    throw new Error(`the balance is ${balance.available} with ${balance.held} held, and should be ${expected} with 0`);
  }
}
