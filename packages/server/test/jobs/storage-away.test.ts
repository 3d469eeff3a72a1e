import { execFileSync } from 'node:child_process';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { newId } from '../../src/ids.ts';
import type { Painter } from '../../src/models/painter.ts';
import { workersSeenWithin } from '../../src/workers/workers-table.ts';
import { expectSoundLedger } from '../ledger/ledger-invariants.ts';
import { customerServices, newCustomer } from '../support/customers.ts';
import { useDatabase } from '../support/database.ts';
import { aSubmission } from '../support/job-requests.ts';
import { type JobServices, startJobServices } from '../support/job-services.ts';
import { usePainter } from '../support/painter.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';

const opened = useDatabase();
const folder = useTemporaryFolder();
const painter = usePainter();
let closing: (() => Promise<unknown>)[] = [];

beforeAll(() => painter().warmUp('demo', 0, AbortSignal.timeout(60_000)));

afterEach(async () => {
  for (const close of closing.reverse()) await close();
  closing = [];
});

/** A painter that counts its pictures, and does something after each. */
function counting(after: () => Promise<void> = async () => {}) {
  const real = painter();
  let painted = 0;
  const counted: Painter = {
    models: () => real.models().filter(({ slug }) => slug === 'demo'),
    refreshModels: () => real.refreshModels(),
    tokenize: (model, text) => real.tokenize(model, text),
    engines: () => real.engines().filter(({ model }) => model === 'demo'),
    isNeeded: (model, index, signal) => real.isNeeded(model, index, signal),
    warmUp: (model, index, signal) => real.warmUp(model, index, signal),
    memory: () => real.memory(),
    close: () => real.close(),
    async paint(request, options) {
      const painting = await real.paint(request, options);
      painted += 1;
      await after();
      return painting;
    },
  };
  return { painter: counted, painted: () => painted };
}

async function start(root: string, by: Painter) {
  const services = await startJobServices({ ...opened(), folder: root });
  closing.push(() => services.stop());
  const { loop } = services.worker(by);
  await loop.start();
  closing.push(() => loop.stop(1000));
  return services;
}

async function submit(services: JobServices) {
  const customer = await newCustomer(opened().database, { available: 1000n });
  const { job } = await services.submitJob(aSubmission(customer));
  const balance = () => customerServices(opened().database).credits.balance(customer.accountId);
  return { job, balance };
}

const newRoot = () => path.join(folder(), newId());
const stateOf = async ({ jobs }: JobServices, id: string) => (await jobs.get(null, id)).job;
const patience = { interval: 50 };

async function expectToWaitAndThenSucceed(
  services: JobServices,
  painted: () => number,
  restore: () => Promise<unknown>,
) {
  const { job, balance } = await submit(services);
  await expect.poll(() => services.problems.length, patience).toBe(1);
  const workers = () => services.database.transaction((transaction) => workersSeenWithin(transaction, 3_600_000));
  await expect.poll(async () => (await workers()).some(({ problem }) => problem !== null), patience).toBe(true);
  expect(await stateOf(services, job.id)).toMatchObject({ state: 'queued', attempt: 0 });
  expect(painted()).toBe(0);
  await restore();
  const { job: done } = await services.feed.end(job.id, AbortSignal.timeout(60_000));
  expect(done).toMatchObject({ state: 'succeeded', attempt: 1 });
  expect(painted()).toBe(1);
  expect(await balance()).toEqual({ available: 1000n - job.price, held: 0n });
  expect(services.problems).toEqual([expect.any(String), null]);
  await expectSoundLedger(opened().database);
  return services.problems[0];
}

test('while the image folder is missing jobs wait, and they are drawn, once, when it is back', async () => {
  const root = newRoot();
  const { painter: by, painted } = counting();
  const services = await start(root, by);
  await rename(root, `${root}-away`);
  const problem = await expectToWaitAndThenSucceed(services, painted, () => rename(`${root}-away`, root));
  expect(problem).toBe(`the image folder ${root} is missing (ENOENT); mount it, or create it again`);
});

test('while something else is in the place of the image folder jobs wait', async () => {
  const root = newRoot();
  const { painter: by, painted } = counting();
  const services = await start(root, by);
  await rm(root, { recursive: true });
  await writeFile(root, 'a file');
  const problem = await expectToWaitAndThenSucceed(services, painted, async () => {
    await rm(root);
    await mkdir(root);
  });
  expect(problem).toMatch(/is not a folder \(ENOTDIR\); put the folder back/);
});

test('a picture that is drawn when the folder goes is held, and not drawn again, when it comes back', async () => {
  const root = newRoot();
  const { painter: by, painted } = counting(() => rename(root, `${root}-away`));
  const services = await start(root, by);
  const { job } = await submit(services);
  await expect.poll(() => services.problems.length, patience).toBe(1);
  expect(await stateOf(services, job.id)).toMatchObject({ state: 'running', attempt: 1 });
  await rename(`${root}-away`, root);
  const { job: done, images } = await services.feed.end(job.id, AbortSignal.timeout(60_000));
  expect(done).toMatchObject({ state: 'succeeded', attempt: 1 });
  expect((await services.library.read(images[0]?.name ?? '')).length).toBe(images[0]?.bytes);
  expect(painted()).toBe(1);
});

test('a disk that takes longer for a picture than the queue waits for a lost worker delays the job, and nothing is done twice', async () => {
  const { painter: by, painted } = counting();
  const services = await start(newRoot(), by);
  const put = services.store.put.bind(services.store);
  const puts = vi.spyOn(services.store, 'put').mockImplementation(async (...picture) => {
    await sleep(12_000);
    await put(...picture);
  });
  const { job, balance } = await submit(services);
  const { job: done, images } = await services.feed.end(job.id, AbortSignal.timeout(300_000));
  expect(done).toMatchObject({ state: 'succeeded', attempt: 1 });
  expect([puts.mock.calls.length, painted(), images.length]).toEqual([1, 1, 1]);
  expect(await balance()).toEqual({ available: 1000n - job.price, held: 0n });
});

test('a start picture that cannot be stored is refused for the moment, and nothing is charged', async () => {
  const root = newRoot();
  const services = await startJobServices({ ...opened(), folder: root });
  closing.push(() => services.stop());
  await rm(root, { recursive: true });
  const customer = await newCustomer(opened().database, { available: 1000n });
  const startImage = { image: new Uint8Array(9), mask: null };
  const submission = aSubmission(customer, { startImage, request: { strength: 0.5 } });
  const refused = services.submitJob(submission);
  await expect(refused).rejects.toMatchObject({ code: 'overloaded', retryAfterSeconds: 30 });
  await expect(refused).rejects.not.toThrow(root);
  const balance = await customerServices(opened().database).credits.balance(customer.accountId);
  expect(balance).toEqual({ available: 1000n, held: 0n });
});

/** Mounts a small file system; undefined where this process may not. */
function mountSmall(root: string): string | undefined {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'easel-test', root], { stdio: 'ignore' });
    return root;
  } catch {
    return undefined;
  }
}

const mayMount = process.platform === 'linux' && process.getuid?.() === 0;

test.skipIf(!mayMount)('while the image folder is full, read-only or not mounted jobs wait', async ({ skip }) => {
  const root = newRoot();
  await mkdir(root);
  if (mountSmall(root) === undefined) return skip('mount(2) is not permitted here');
  const unmount = () => void execFileSync('umount', ['-l', root], { stdio: 'ignore' });
  onTestFinished(unmount);
  const { painter: by, painted } = counting();
  const services = await start(root, by);
  const filler = path.join(root, 'filler');
  await writeFile(filler, new Uint8Array(1024 * 1024 - 64 * 1024));
  const full = await expectToWaitAndThenSucceed(services, painted, () => rm(filler));
  expect(full).toMatch(/is full \(ENOSPC\); free some space/);

  execFileSync('mount', ['-o', 'remount,ro', root]);
  const { job } = await submit(services);
  await expect.poll(() => services.problems.at(-1), patience).toMatch(/mounted read-only.*EROFS/);
  execFileSync('mount', ['-o', 'remount,rw', root]);
  expect((await services.feed.end(job.id, AbortSignal.timeout(60_000))).job).toMatchObject({
    state: 'succeeded',
    attempt: 1,
  });

  // What is under the mount is a folder too, and would be written into.
  unmount();
  const { job: last } = await submit(services);
  await expect.poll(() => services.problems.at(-1), patience).toMatch(/is not mounted; mount it again/);
  expect(mountSmall(root)).toBe(root);
  expect((await services.feed.end(last.id, AbortSignal.timeout(60_000))).job).toMatchObject({
    state: 'succeeded',
    attempt: 1,
  });
});
