import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EaselClient } from '@easel/client';
import type { Job } from '@easel/contract';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@easel/embedded-postgres';
import { type EaselServer, newDataDir, newKey, serveEasel } from '../support/easel-server.ts';
import { type Answer, callers } from './callers.ts';
import { randomOf } from './random.ts';
import { backendsOf, endSoftly, killHard } from './victims.ts';

/** What happens while clients wait. */
export const blows = ['backends', 'outage', 'postmaster', 'server'] as const;
export type Blow = (typeof blows)[number];

const LONGEST_DELAY_MS = 2500;
const LONGEST_OUTAGE_MS = 8000;
const PATIENCE_MS = 300_000;

export interface WaitingReport {
  readonly round: number;
  readonly blow: Blow;
  readonly delayMs: number;
  /** What each caller was answered: a status, `cut` for a connection that broke off. */
  readonly answers: Readonly<Record<string, string>>;
  readonly charged: number;
}

interface Stage {
  readonly dataDir: string;
  postgres: EmbeddedPostgres;
  server: EaselServer;
  readonly start: () => Promise<EaselServer>;
}

/**
 * Strikes the database or the server while a client of every surface waits for a picture, and checks that every reply was true:
 * what was answered as a failure was not charged, what was charged can be fetched, and nothing is charged for clients whose server
 * died under them unless the picture was there before.
 *
 * @throws Error that names the promise that was broken
 */
export async function waitingRounds(
  { rounds, seed, order = [] }: { readonly rounds: number; readonly seed: number; readonly order?: readonly Blow[] },
  onRound: (report: WaitingReport) => void,
): Promise<void> {
  const random = randomOf(seed);
  const dataDir = await newDataDir();
  const postgres = await startEmbeddedPostgres({ dataDir: join(dataDir, 'database') });
  const keys = { adminKey: newKey(), devKey: newKey() };
  const env = { DATABASE_URL: addressOf(postgres), EASEL_LOG_LEVEL: 'fatal' };
  const start = () => serveEasel({ dataDir: join(dataDir, 'server'), keys, env });
  const stage: Stage = { dataDir, postgres, server: await start(), start };
  try {
    for (let round = 1; round <= rounds; round += 1) {
      const blow = order[round - 1] ?? blows[Math.floor(random() * blows.length)] ?? 'backends';
      const delayMs = Math.floor(random() * LONGEST_DELAY_MS);
      const outageMs = 500 + Math.floor(random() * LONGEST_OUTAGE_MS);
      const looking = new AbortController();
      const looks = lookOn(() => stage.server.url, keys.devKey, looking.signal);
      const calls = callers.map(async ({ name, call }, index) => {
        const ownSeed = 1000 * round + index;
        return {
          name,
          seed: ownSeed,
          answer: await call({ url: () => stage.server.url, key: keys.devKey, seed: ownSeed }),
        };
      });
      await sleep(delayMs);
      const restartedAt = await strike(blow, stage, outageMs);
      const answers = await Promise.all(calls);
      looking.abort();
      const complaint = await looks;
      if (complaint !== null) throw new Error(complaint);
      const charged = await audit(clientOf(stage, keys.devKey), answers, restartedAt);
      const told = answers.map(({ name, answer }) => [name, answer.kind === 'cut' ? 'cut' : String(answer.status)]);
      onRound({ round, blow, delayMs, answers: Object.fromEntries(told), charged });
    }
  } finally {
    await stage.server.stop();
    await stage.postgres.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** Asks now and then, as anybody may. @returns the answer that was not to be given: that the database is away passes, and is no fault */
async function lookOn(url: () => string, key: string, signal: AbortSignal): Promise<string | null> {
  while (!signal.aborted) {
    const reply = await fetch(`${url()}/api/credits`, { headers: { 'x-api-key': key } }).catch(() => null);
    const isPassing = reply?.status === 503 && reply.headers.has('retry-after');
    if (reply !== null && reply.status !== 200 && !isPassing) {
      return `GET /api/credits was answered ${reply.status}: ${await reply.text()}`;
    }
    await reply?.body?.cancel();
    await sleep(300, undefined, { signal }).catch(() => {});
  }
  return null;
}

/** @returns when a new server began, if the old one was killed */
async function strike(blow: Blow, stage: Stage, outageMs: number): Promise<number | null> {
  const startDatabase = () => startEmbeddedPostgres({ dataDir: join(stage.dataDir, 'database') });
  switch (blow) {
    case 'backends':
      for (const end = Date.now() + outageMs; Date.now() < end; await sleep(300)) {
        backendsOf(stage.postgres.pid).forEach(endSoftly);
      }
      return null;
    case 'outage':
      await stage.postgres.stop();
      await sleep(outageMs);
      stage.postgres = await startDatabase();
      return null;
    case 'postmaster':
      killHard(stage.postgres.pid);
      await sleep(200);
      stage.postgres = await startDatabase();
      return null;
    case 'server': {
      const { process: child } = stage.server;
      killHard(child.pid);
      if (child.exitCode === null && child.signalCode === null) await once(child, 'close');
      const diedAt = Date.now();
      stage.server = await stage.start();
      return diedAt;
    }
  }
}

function clientOf({ server }: Stage, apiKey: string): EaselClient {
  return new EaselClient({ baseUrl: server.url, apiKey, retries: 10 });
}

interface Called {
  readonly name: string;
  readonly seed: number;
  readonly answer: Answer;
}

/** Replies against the ledger. @returns how many jobs were charged */
async function audit(client: EaselClient, calls: readonly Called[], diedAt: number | null): Promise<number> {
  const jobs = await untilEnded(client);
  const charges = new Map<string, number>();
  const sums = { amounts: 0, charged: 0 };
  for await (const { kind, job_id, amount, amount_charged } of client.account.wholeLedger()) {
    sums.amounts += amount;
    sums.charged += amount_charged;
    if (kind === 'charge' && job_id !== null) charges.set(job_id, (charges.get(job_id) ?? 0) + 1);
  }
  for (const job of jobs) await checkJob(client, job, charges.get(job.id) ?? 0);
  for (const call of calls)
    checkReply(
      call,
      jobs.find(({ seed }) => seed === call.seed),
      diedAt,
    );
  const { held, balance } = await client.account.credits();
  const spent = jobs.reduce((sum, { status, price }) => sum + (status === 'succeeded' ? price : 0), 0);
  if (held !== 0) throw new Error(`${held} credits are still held`);
  for (const [what, value] of [
    ['the rows of the ledger', sums.amounts],
    ['what was granted less what was charged', 100 - sums.charged],
    ['what was granted less the price of what succeeded', 100 - spent],
  ] as const) {
    if (Math.abs(value - balance) > 1e-7) throw new Error(`${what} come to ${value}, and the balance is ${balance}`);
  }
  return charges.size;
}

async function untilEnded(client: EaselClient): Promise<Job[]> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const jobs: Job[] = [];
    for await (const job of client.jobs.all({ limit: 100 })) jobs.push(job);
    const left = jobs.filter(({ status }) => status === 'queued' || status === 'running');
    if (left.length === 0) return jobs;
    if (Date.now() > deadline) throw new Error(`jobs did not end: ${left.map(({ id }) => id).join()}`);
    await sleep(250);
  }
}

/** What was charged is there. */
async function checkJob(client: EaselClient, { id, status, images, samples }: Job, charges: number): Promise<void> {
  if (charges !== (status === 'succeeded' ? 1 : 0)) throw new Error(`job ${id} ${status} was charged ${charges} times`);
  if (status !== 'succeeded') return;
  if (images.length !== samples)
    throw new Error(`job ${id} was charged and has ${images.length} of ${samples} pictures`);
  for (const image of images) {
    const { bytes } = await client.images.get(image.id);
    if (bytes.length !== image.file_size) throw new Error(`picture ${image.id} of job ${id} is cut`);
  }
}

function checkReply({ name, seed, answer }: Called, job: Job | undefined, diedAt: number | null): void {
  const was = `${name} (seed ${seed}) was answered ${JSON.stringify(answer)}, and its job is ${JSON.stringify(job && { ...job, prompt: undefined })}`;
  const isCharged = job?.status === 'succeeded';
  if (answer.kind === 'cut') {
    if (diedAt === null) throw new Error(`a connection was cut though the server lived: ${was}`);
    // Nobody waited for it any more from then on.
    if (isCharged && !answer.keyed && Date.parse(job.finished_at ?? '') > diedAt)
      throw new Error(`charged for nobody: ${was}`);
    return;
  }
  if (job !== undefined && answer.jobId !== job.id) throw new Error(`the reply does not lead to the job: ${was}`);
  if (answer.status === 200 ? !isCharged : isCharged && answer.status !== 503)
    throw new Error(`the reply was not true: ${was}`);
  if (answer.status === 503 && isCharged && !answer.text.includes(job.id))
    throw new Error(`the reply does not say where: ${was}`);
}

function addressOf({ connection: { user, password, host, port, database } }: EmbeddedPostgres): string {
  const query = new URLSearchParams({ host, port: String(port) });
  return `postgres://${user}:${encodeURIComponent(password)}@/${database}?${query}`;
}
