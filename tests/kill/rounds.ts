import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Job } from '@easel/contract';
import { type EaselServer, newDataDir, newKey, ownEnvironment, serveEasel } from '../support/easel-server.ts';
import { type Api, apiOf } from './api.ts';
import { randomOf } from './random.ts';
import { engineOf, killHard, postmasterOf, type Victim, victims } from './victims.ts';

const main = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url));
const JOBS_A_ROUND = 6;
/** In which every accepted job has to have ended: a dead worker is found after ten seconds, twice at most. */
const PATIENCE_MS = 180_000;
/** At most, between the first job and the blow. */
const LONGEST_DELAY_MS = 2500;

export interface RoundReport {
  readonly round: number;
  readonly victim: Victim;
  readonly delayMs: number;
  readonly accepted: number;
  readonly succeeded: number;
  readonly failed: number;
}

/**
 * Kills a part of the service at a random moment with jobs in flight, round after round on the same data, and checks after each
 * that nothing was lost and nothing paid twice.
 *
 * @throws Error that names the promise that was broken
 */
export async function killRounds(
  { rounds, seed }: { readonly rounds: number; readonly seed: number },
  onRound: (report: RoundReport) => void,
): Promise<void> {
  const random = randomOf(seed);
  const dataDir = await newDataDir();
  const keys = { adminKey: newKey(), devKey: newKey() };
  const start = () =>
    serveEasel({ dataDir, keys, env: { EASEL_LOG_LEVEL: 'fatal', EASEL_RETENTION_IMAGES_SECONDS: '86400' } });
  let server = await start();
  let worker = await startWorker(dataDir);
  const api = apiOf(() => server.url, keys.devKey);
  const accepted = new Set<string>();
  try {
    for (let round = 1; round <= rounds; round++) {
      const victim = victims[Math.floor(random() * victims.length)] ?? 'server';
      const delayMs = Math.floor(random() * LONGEST_DELAY_MS);
      const submitting = submitAll(api, accepted, round, seed);
      await sleep(delayMs);
      strike(victim, { server, worker, dataDir });
      if (victim === 'server') server = await restarted(server, start);
      if (victim === 'worker') worker = await startWorker(dataDir);
      await submitting;
      const jobs = await untilEnded(api, accepted);
      await checkPromises(api, jobs);
      const count = (status: Job['status']) => jobs.filter((job) => job.status === status).length;
      onRound({
        round,
        victim,
        delayMs,
        accepted: jobs.length,
        succeeded: count('succeeded'),
        failed: count('failed'),
      });
    }
  } finally {
    worker.kill('SIGKILL');
    await server.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

/**
 * Requests that are cut off are tried again under the same key until they are answered, as a careful client does: one that was
 * taken in the moment of the kill is a job, though nobody was told of it.
 */
async function submitAll(api: Api, accepted: Set<string>, round: number, seed: number): Promise<void> {
  for (let index = 0; index < JOBS_A_ROUND; index++) {
    const body = {
      prompt: `a red apple ${round}`,
      num_inference_steps: 10,
      img_width: 128,
      img_height: 128,
      seed: 100 * round + index,
    };
    const deadline = Date.now() + PATIENCE_MS;
    const submit = () =>
      api.submit(`kill-${seed}-${round}-${index}`, body).catch((error: unknown) => {
        if (Date.now() > deadline) throw error;
      });
    let job = await submit();
    while (job === undefined) {
      await sleep(200);
      job = await submit();
    }
    accepted.add(job.id);
  }
}

function strike(victim: Victim, at: { server: EaselServer; worker: ChildProcess; dataDir: string }): void {
  const { pid } = at.server.process;
  switch (victim) {
    case 'server':
      killHard(pid);
      break;
    case 'engine':
      if (pid !== undefined) killHard(engineOf(pid));
      break;
    case 'database':
      killHard(postmasterOf(at.dataDir));
      break;
    case 'worker':
      killHard(at.worker.pid);
      break;
  }
}

async function restarted(server: EaselServer, start: () => Promise<EaselServer>): Promise<EaselServer> {
  if (server.process.exitCode === null && server.process.signalCode === null) await once(server.process, 'close');
  return start();
}

async function startWorker(dataDir: string): Promise<ChildProcess> {
  const worker = spawn(process.execPath, ['--conditions=@easel/source', main, 'worker'], {
    env: { ...ownEnvironment(), EASEL_DATA_DIR: dataDir, EASEL_LOG_LEVEL: 'fatal' },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await Promise.race([once(worker.stdout, 'data'), once(worker, 'close')]);
  return worker;
}

async function untilEnded(api: Api, ids: ReadonlySet<string>): Promise<Job[]> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const jobs = await Promise.all([...ids].map((id) => api.job(id))).catch(() => undefined);
    if (jobs?.every(({ status }) => status !== 'queued' && status !== 'running')) return jobs;
    if (Date.now() > deadline)
      throw new Error(`jobs did not end: ${JSON.stringify(jobs?.map(({ status }) => status))}`);
    await sleep(250);
  }
}

/** Each job is charged once when it succeeded and released once when not; nothing stays reserved; every picture is there. */
async function checkPromises(api: Api, jobs: readonly Job[]): Promise<void> {
  const entries = Map.groupBy(await api.ledger(), ({ job_id }) => job_id);
  for (const job of jobs) {
    const kinds = (entries.get(job.id) ?? []).map(({ kind }) => kind).sort();
    const expected = job.status === 'succeeded' ? ['charge', 'hold'] : ['hold', 'release'];
    if (kinds.join() !== expected.join()) throw new Error(`job ${job.id} ${job.status}: ledger has ${kinds.join()}`);
    if (job.status === 'succeeded' && job.images.length !== job.samples)
      throw new Error(`job ${job.id} lost a picture`);
    for (const image of job.images) {
      const bytes = await api.imageBytes(image.url);
      if (bytes !== image.file_size) throw new Error(`picture ${image.id} has ${bytes} of ${image.file_size} bytes`);
    }
  }
  const { held, balance } = await api.credits();
  if (held !== 0) throw new Error(`${held} credits are still held`);
  const spent = jobs.reduce((sum, { status, price }) => sum + (status === 'succeeded' ? price : 0), 0);
  const missing = Math.abs(100 - spent - balance);
  if (missing > 1e-7) throw new Error(`the balance is ${balance} after spending ${spent} of 100`);
}
