import { sql } from 'kysely';
import { afterEach, expect, test } from 'vitest';
import { newId } from '../../src/ids.ts';
import { announceReview, savePaused } from '../../src/jobs/queue-control.ts';
import { EnginePainter } from '../../src/models/engine-painter.ts';
import type { EngineSettings } from '../../src/models/served-models.ts';
import { type ListedWorker, workersSeenWithin } from '../../src/workers/workers-table.ts';
import { customerServices, newCustomer } from '../support/customers.ts';
import { useDatabase } from '../support/database.ts';
import { aSubmission } from '../support/job-requests.ts';
import { type JobServices, startJobServices } from '../support/job-services.ts';
import { openPainter } from '../support/open-painter.ts';
import { usePainter } from '../support/painter.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';

const opened = useDatabase();
const folder = useTemporaryFolder();
const painter = usePainter();
const signal = () => AbortSignal.timeout(300_000);
const running: JobServices[] = [];
const models = ['demo', 'unattended'];

async function start() {
  const services = await startJobServices({ ...opened(), folder: folder(), models });
  running.push(services);
  return services;
}

afterEach(async () => {
  for (const services of running.splice(0)) await services.stop();
});

const workersNow = () => opened().database.transaction((transaction) => workersSeenWithin(transaction, 3_600_000));

test('a worker makes itself known, becomes ready, works, and takes its leave', async () => {
  const services = await start();
  const { loop } = services.worker(painter());
  await loop.start();
  expect(await workersNow()).toMatchObject([{ state: 'starting', models, runningJob: null }]);
  const customer = await newCustomer(opened().database, { available: 1000n });
  const { job } = await services.submitJob(aSubmission(customer));
  expect((await services.feed.end(job.id, signal())).job.state).toBe('succeeded');
  await expect.poll(workersNow).toMatchObject([{ state: 'idle' }]);
  await loop.stop(1000);
  expect(await workersNow()).toEqual([]);
});

test('while the queue is paused jobs wait, also for workers in other processes', async () => {
  const services = await start();
  const { loop } = services.worker(painter());
  const setPaused = (paused: boolean) =>
    services.database.transaction((transaction) => savePaused(transaction, paused));
  await setPaused(true);
  await loop.start();
  const customer = await newCustomer(opened().database, { available: 1000n });
  const { job } = await services.submitJob(aSubmission(customer));
  await expect.poll(async () => (await workersNow())[0]?.state).toBe('idle');
  expect((await services.jobs.get(null, job.id)).job.state).toBe('queued');
  await setPaused(false);
  expect((await services.feed.end(job.id, signal())).job.state).toBe('succeeded');
  await loop.stop(1000);
});

test('a worker without a review module starts no job while other processes review pictures, and says why', async () => {
  const services = await start();
  const customer = await newCustomer(opened().database, { available: 1_000_000n });
  const stateOf = async (id: string) => (await services.jobs.get(null, id)).job.state;
  const reviewing = services.worker(painter(), { review: async () => ({ accept: true }) }, newId());
  await reviewing.loop.start();
  await reviewing.loop.stop(1000);
  const { loop } = services.worker(painter());
  await loop.start();
  const { job: first } = await services.submitJob(aSubmission(customer));
  await expect.poll(async () => (await workersNow())[0]?.state).toBe('idle');
  expect((await workersNow())[0]?.problem).toContain('set reviewHook here, too');
  expect(await stateOf(first.id)).toBe('queued');
  await sql`update settings set value = to_jsonb(now() - interval '11 minutes') where name = 'pictures_reviewed_at'`.execute(
    opened().database.kysely,
  );
  expect((await services.feed.end(first.id, signal())).job.state).toBe('succeeded');
  expect((await workersNow())[0]?.problem).toBeNull();

  // Before its next heartbeat tells it: the job itself is not started.
  await services.database.transaction(announceReview);
  const { job: second } = await services.submitJob(aSubmission(customer));
  await expect.poll(async () => (await workersNow())[0]?.problem).toContain('set reviewHook here, too');
  expect(await stateOf(second.id)).toBe('queued');
  await loop.stop(1000);
  await sql`delete from settings where name = 'pictures_reviewed_at'`.execute(opened().database.kysely);
});

test('a worker that has to end before its job does hands it to the next one, which makes the same picture', async () => {
  const [first, second] = [await start(), await start()];
  const { loop } = first.worker(painter());
  await loop.start();
  const customer = await newCustomer(opened().database, { available: 1_000_000n });
  const { job } = await first.submitJob(aSubmission(customer, { request: { steps: 100, samples: 4 } }));
  await expect.poll(async () => (await second.jobs.get(null, job.id)).job.state, { interval: 20 }).toBe('running');
  await loop.stop(1);
  expect((await second.jobs.get(null, job.id)).job).toMatchObject({ state: 'queued', attempt: 1 });
  const next = second.worker(painter());
  await next.loop.start();
  const { job: done, images } = await second.feed.end(job.id, signal());
  expect(done).toMatchObject({ state: 'succeeded', attempt: 2 });
  expect(images.map(({ seed }) => seed)).toEqual([1, 2, 3, 4]);
  const balance = await customerServices(opened().database).credits.balance(customer.accountId);
  expect(balance).toEqual({ available: 1_000_000n - job.price, held: 0n });
  await next.loop.stop(1000);
});

test('a worker that would have to load the model leaves jobs to one that has it in memory, but not for long', async () => {
  const [first, second] = [await start(), await start()];
  const forgetful = await openPainter({ idleMs: 1 });
  const [warm, cold] = [first.worker(painter(), null, newId()), second.worker(forgetful, null, newId())];
  const customer = await newCustomer(opened().database, { available: 1_000_000n });
  const workerOfNext = async () => {
    const { job } = await first.submitJob(aSubmission(customer));
    return (await first.feed.end(job.id, signal())).job.workerId;
  };
  try {
    await Promise.all([warm.loop.start(), cold.loop.start()]);
    const isReady = ({ id, state, modelMemory }: ListedWorker, hasModel: boolean) =>
      (id === warm.id) === hasModel && state === 'idle' && modelMemory.has('demo') === hasModel;
    await expect
      .poll(async () => {
        const workers = await workersNow();
        return workers.some((worker) => isReady(worker, true)) && workers.some((worker) => isReady(worker, false));
      })
      .toBe(true);
    // What the cold one has seen of the other decides from its next heartbeat on.
    const seenAt = (await workersNow()).find(({ id }) => id === cold.id)?.seenAt ?? new Date();
    await expect
      .poll(async () => (await workersNow()).some(({ id, seenAt: now }) => id === cold.id && now > seenAt))
      .toBe(true);
    const workers: (string | null)[] = [];
    for (let count = 0; count < 12; count += 1) workers.push(await workerOfNext());
    // On a busy machine a heartbeat may be late, and the cold one then takes a job; without a preference it would take half of them.
    expect(workers.filter((id) => id === warm.id).length).toBeGreaterThanOrEqual(8);
    await warm.loop.stop(1000);
    expect(await workerOfNext()).toBe(cold.id);
  } finally {
    await Promise.all([warm.loop.stop(1), cold.loop.stop(1000)]);
    await forgetful.close();
  }
});

test('a job that was given up by the queue fails and is refunded', async () => {
  const services = await start();
  const customer = await newCustomer(opened().database, { available: 1000n });
  const { job } = await services.submitJob(aSubmission(customer));
  // As if every worker died over it: none of them says so itself.
  await services.queue.work({ model: 'demo', onJob: () => Promise.reject(new Error('the worker died')) });
  await services.queue.onGivenUp(async (jobId) => {
    await services.giveUpJob(jobId);
  });
  const { job: failed } = await services.feed.end(job.id, signal());
  expect(failed).toMatchObject({ state: 'failed', failure: { code: 'server_error' } });
  const balance = await customerServices(opened().database).credits.balance(customer.accountId);
  expect(balance).toEqual({ available: 1000n, held: 0n });
});

test('a model with two engines runs two jobs at a time, and both are announced', async () => {
  const engine = { device: 'cpu', arithmetic: 'float32' } as const;
  const two = await EnginePainter.open({
    models: [{ slug: 'demo', model: 'demo', engines: [engine, engine] }],
    easelVersion: 'test',
    env: process.env,
    threads: 1,
    onLog: () => {},
  });
  const services = await start();
  const { loop } = services.worker(two);
  try {
    await loop.start();
    const customer = await newCustomer(opened().database, { available: 1_000_000n });
    const long = aSubmission(customer, { request: { steps: 100, samples: 4 } });
    const jobs = [await services.submitJob(long), await services.submitJob(long)];
    const states = () => Promise.all(jobs.map(async ({ job }) => (await services.jobs.get(null, job.id)).job.state));
    await expect.poll(states).toEqual(['running', 'running']);
    await expect
      .poll(async () => (await workersNow())[0]?.engines.map(({ device }) => device?.name))
      .toEqual(['cpu', 'cpu']);
    for (const { job } of jobs) await services.cancelJob(customer.accountId, job.id);
  } finally {
    await loop.stop(1);
    await two.close();
  }
}, 600_000);

test('an engine whose device is not there keeps the others from nothing; with none left the worker says why it takes no jobs', async () => {
  const absent = { device: process.platform === 'darwin' ? 'directml' : 'coreml', arithmetic: 'float32' } as const;
  const painterOf = (...engines: EngineSettings[]) =>
    EnginePainter.open({
      models: [{ slug: 'demo', model: 'demo', engines }],
      easelVersion: 'test',
      env: process.env,
      threads: 1,
      onLog: () => {},
    });
  const [broken, mixed] = [await painterOf(absent), await painterOf(absent, { device: 'cpu', arithmetic: 'float32' })];
  const services = await start();
  const [first, second] = [services.worker(broken).loop, services.worker(mixed).loop];
  try {
    await first.start();
    const message = new RegExp(`^demo cannot be started: .*${absent.device}.*; `);
    await expect.poll(async () => (await workersNow())[0]?.problem).toMatch(message);
    await second.start();
    const customer = await newCustomer(opened().database, { available: 1000n });
    const { job } = await services.submitJob(aSubmission(customer));
    expect((await services.feed.end(job.id, signal())).job).toMatchObject({ state: 'succeeded', device: 'cpu' });
    await expect
      .poll(async () => (await workersNow()).find(({ engines }) => engines.length === 2))
      .toMatchObject({ state: 'idle', problem: null, engines: [{ device: null }, { device: { name: 'cpu' } }] });
  } finally {
    await Promise.all([first.stop(1), second.stop(1)]);
    await Promise.all([broken.close(), mixed.close()]);
  }
}, 600_000);
