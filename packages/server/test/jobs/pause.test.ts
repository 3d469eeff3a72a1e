import { sql } from 'kysely';
import { afterEach, expect, test } from 'vitest';
import { lockQueuePaused } from '../../src/jobs/queue-control.ts';
import { newCustomer } from '../support/customers.ts';
import { useDatabase } from '../support/database.ts';
import { aSubmission } from '../support/job-requests.ts';
import { startJobServices } from '../support/job-services.ts';
import { usePainter } from '../support/painter.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';

const opened = useDatabase();
const folder = useTemporaryFolder();
const painter = usePainter();
const models = ['demo', 'unattended'];
let closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.reverse()) await close();
  closing = [];
});

async function start() {
  const services = await startJobServices({ ...opened(), folder: folder(), models });
  closing.push(() => services.stop());
  return { services, control: services.control };
}

async function startWorking() {
  const { services, control } = await start();
  const { loop } = services.worker(painter());
  await loop.start();
  closing.push(() => loop.stop(1000));
  return { services, control };
}

test('a job that a worker has taken already is not started once the reply of the pause was given, and loses no attempt', async () => {
  const { services, control } = await start();
  const customer = await newCustomer(opened().database, { available: 1000n });
  const { job } = await services.submitJob(aSubmission(customer, { request: { model: 'unattended' } }));
  await control.pause();
  let handedBack = 0;
  const handBack = async () => {
    handedBack += 1;
  };
  const claimed = { jobId: job.id, signal: new AbortController().signal, isLastAttempt: true, handBack };
  expect(await services.worker(painter()).run(claimed)).toBe('paused');
  expect(handedBack).toBe(1);
  expect((await services.jobs.get(null, job.id)).job).toMatchObject({ state: 'queued', attempt: 0 });
  await services.cancelJob(null, job.id);
  await control.resume();
});

test('a pause waits for jobs that are being started, so that none of them starts after its reply', async () => {
  const { services, control } = await start();
  const { database } = services;
  const [starting, mayStart] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const order: string[] = [];
  const underWay = database.transaction(async (transaction) => {
    expect(await lockQueuePaused(transaction)).toBe(false);
    starting.resolve();
    await mayStart.promise;
    order.push('started');
  });
  await starting.promise;
  const paused = control.pause().then(() => order.push('paused'));
  // Somebody waits for the lock now; only then is it certain that the pause was not just late.
  const { kysely } = opened().database;
  const waiting = sql<{ count: number }>`
    select count(*)::int as count from pg_locks where locktype = 'advisory' and not granted`;
  const isWaited = async () => (await waiting.execute(kysely)).rows[0]?.count === 1;
  await expect.poll(isWaited).toBe(true);
  mayStart.resolve();
  await Promise.all([underWay, paused]);
  expect(order).toEqual(['started', 'paused']);
  await control.resume();
});

test('with two workers at it, jobs that are sent after a pause start after it is resumed, and at once', async () => {
  const [{ services, control }] = await Promise.all([startWorking(), startWorking()]);
  const customer = await newCustomer(opened().database, { available: 1_000_000n });
  const submit = async () => (await services.submitJob(aSubmission(customer))).job.id;
  const ended = (id: string) => services.feed.end(id, AbortSignal.timeout(60_000));
  await ended(await submit());
  for (let round = 0; round < 2; round++) {
    await control.pause();
    const ids = [await submit(), await submit()];
    const resumedAt = new Date();
    await control.resume();
    for (const id of ids) {
      const { job } = await ended(id);
      expect(job).toMatchObject({ state: 'succeeded', attempt: 1 });
      expect(job.startedAt?.getTime()).toBeGreaterThanOrEqual(resumedAt.getTime());
    }
  }
});
