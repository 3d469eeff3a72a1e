import { EaselConnectionError } from '@easel/client';
import type { Job } from '@easel/contract';
import { CREDITS, type Installation } from './installation.ts';
import { type Submitted, submitAtRate, untilEnded } from './load.ts';
import type { Scenario } from './scenarios.ts';

export interface ScenarioOptions {
  /** Small jobs a second that the workers do when nothing is wrong. */
  readonly capacity: number;
  readonly stressMs: number;
  /** Submitted during the stress at least. */
  readonly jobs: number;
}

/** What can be said of it once every promise was kept. */
export interface ScenarioResult {
  readonly name: string;
  /** Acknowledged by the server. */
  readonly jobs: number;
  /** Of those, the ones that needed more than one attempt. */
  readonly retried: number;
  /** Requests that were answered 5xx, or not at all. */
  readonly failures: number;
  /** The longest time from the first try to the acknowledgement. */
  readonly longestMs: number;
  /** From the end of the stress to the end of the last job. */
  readonly recoveryMs: number;
}

/** A scenario whose stress is over. */
export interface Stressed {
  readonly name: string;
  /** What clients have submitted meanwhile, all of it acknowledged. */
  readonly submitted: readonly Submitted[];
  /** These jobs, and those of the stress itself. */
  readonly jobIds: ReadonlySet<string>;
  readonly calmAt: number;
}

/** Submits during the stress of a scenario, until everything is acknowledged. */
export async function stress(
  installation: Installation,
  scenario: Scenario,
  { capacity, stressMs, jobs }: ScenarioOptions,
): Promise<Stressed> {
  const { name, load } = scenario;
  const earlier = new Set((await rowsOf(installation)).map(({ id }) => id));
  const end = await scenario.begin(installation, stressMs);
  const submitted = await submitAtRate(installation, { load, capacity, name }, { ms: stressMs, jobs });
  await end();
  const calmAt = performance.now();
  const ids = (await rowsOf(installation)).map(({ id }) => id);
  return { name, submitted, jobIds: new Set(ids.filter((id) => !earlier.has(id))), calmAt };
}

/** @param recoveryMs what it took until nothing waited any more @throws Error that names the promise that was broken */
export async function checkPromises(
  installation: Installation,
  { name, submitted, jobIds }: Stressed,
  recoveryMs: number,
): Promise<ScenarioResult> {
  const ended = await untilEnded(
    installation,
    submitted.map(({ id }) => id),
  );
  const rows = (await rowsOf(installation)).filter(({ id }) => jobIds.has(id));
  const unfinished = rows.filter(({ state }) => state !== 'succeeded');
  if (unfinished.length > 0) throw new Error(`${name}: jobs did not succeed: ${JSON.stringify(unfinished)}`);
  const known = new Set(rows.map(({ id }) => id));
  const lost = submitted.filter(({ id }) => !known.has(id));
  if (lost.length > 0) throw new Error(`${name}: ${lost.length} jobs were acknowledged and are not there`);
  if (new Set(submitted.map(({ id }) => id)).size !== submitted.length)
    throw new Error(`${name}: two requests were given the same job`);
  await checkPictures(installation, ended);
  await checkBalance(installation);
  return {
    name,
    jobs: rows.length,
    retried: rows.filter(({ attempt }) => attempt > 1).length,
    failures: submitted.reduce((sum, { failures }) => sum + failures, 0),
    longestMs: Math.max(...submitted.map(({ ms }) => ms)),
    recoveryMs,
  };
}

const rowsOf = ({ database }: Installation) =>
  database.kysely.selectFrom('jobs').select(['id', 'state', 'attempt', 'price']).execute();

/** Until every job has ended, whoever has submitted it. */
export async function untilNothingWaits(installation: Installation): Promise<void> {
  const waiting = (await rowsOf(installation)).filter(({ state }) => state === 'queued' || state === 'running');
  await untilEnded(
    installation,
    waiting.map(({ id }) => id),
  );
}

async function checkPictures({ customer }: Installation, jobs: readonly Job[]): Promise<void> {
  for (const { id, images, samples } of jobs) {
    if (images.length !== samples) throw new Error(`job ${id} has ${images.length} of ${samples} pictures`);
    for (const image of images) {
      const { bytes } = await customer.images.get(image.id);
      if (bytes.length !== image.file_size) throw new Error(`picture ${image.id} of job ${id} is cut`);
    }
  }
}

/** To the micro-credit: what the account was given, less the price of every job that has succeeded. */
export async function checkBalance(installation: Installation): Promise<void> {
  const rows = await rowsOf(installation);
  const spent = rows.reduce((sum, { state, price }) => sum + (state === 'succeeded' ? price : 0n), 0n);
  const { held, balance } = await installation.customer.account.credits();
  const expected = Number(BigInt(CREDITS) * 1_000_000n - spent) / 1_000_000;
  if (held !== 0 || Math.abs(balance - expected) > 1e-9)
    throw new Error(`the balance is ${balance} with ${held} held, and should be ${expected} with 0`);
}

/** Follows all jobs of the account from now on, through every fault. */
export function followEnds(installation: Installation) {
  const stop = new AbortController();
  const told = new Map<string, number>();
  const following = (async () => {
    for await (const { event, data } of installation.customer.events({ signal: stop.signal, patienceMs: 600_000 })) {
      if (event === 'succeeded' || event === 'failed' || event === 'cancelled')
        told.set(data.job.id, (told.get(data.job.id) ?? 0) + 1);
    }
  })().catch((error: unknown) => {
    if (!stop.signal.aborted || error instanceof EaselConnectionError) throw error;
  });
  return {
    /** How often the end of each job was told. */
    told,
    async stop(): Promise<void> {
      stop.abort();
      await following;
    },
  };
}
