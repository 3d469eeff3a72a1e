import { sql } from 'kysely';
import { afterEach, expect, test } from 'vitest';
import { newId } from '../../src/ids.ts';
import type { Submission } from '../../src/jobs/admit-jobs.ts';
import { markStarted } from '../../src/jobs/jobs-table.ts';
import { cancelUnfinishedJobs, moveJob, type Place } from '../../src/jobs/own-queue.ts';
import { advanceVirtualTime } from '../../src/jobs/turns.ts';
import { type ClaimedJob, HandBack } from '../../src/queue/job-queue.ts';
import { newCustomer } from '../support/customers.ts';
import { useDatabase } from '../support/database.ts';
import { aSubmission } from '../support/job-requests.ts';
import { type JobServices, startJobServices } from '../support/job-services.ts';
import { queueEntries } from '../support/queue-entries.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';

const opened = useDatabase();
const folder = useTemporaryFolder();
const running: JobServices[] = [];

/** Each test has models, and so queues, of its own. */
async function start(options: { model?: string; jobsPerAccount?: number } = {}) {
  const { model = `model-${newId()}`, ...rest } = options;
  const services = await startJobServices({ ...opened(), folder: folder(), models: [model], ...rest });
  running.push(services);
  const customer = () => newCustomer(opened().database, { available: 1_000_000n });
  const submit = async (who: { accountId: string; keyId: string }, change: Partial<Omit<Submission, 'request'>> = {}) =>
    (await services.submitJob(aSubmission(who, { ...change, request: { model } }))).job.id;
  return { ...services, model, customer, submit };
}

afterEach(async () => {
  for (const services of running.splice(0)) await services.stop();
});

/** Marks each job as started and ended, as a worker does, and notes the order. */
function noting(services: JobServices, wanted: number) {
  const order: string[] = [];
  const { promise: done, resolve } = Promise.withResolvers<string[]>();
  const onJob = async ({ jobId }: ClaimedJob) => {
    const { database } = services;
    const job = await database.transaction((transaction) =>
      markStarted(transaction, { jobId, workerId: newId(), now: new Date() }),
    );
    if (job !== null) {
      order.push(jobId);
      await database.transaction((transaction) => advanceVirtualTime(transaction, job.virtualStart));
      await services.giveUpJob(jobId);
    }
    if (order.length === wanted) resolve(order);
  };
  return { onJob, done };
}

test('the first job of one account does not wait for all the jobs of another', async () => {
  const services = await start();
  const [busy, quiet] = [await services.customer(), await services.customer()];
  const many: string[] = [];
  for (let index = 0; index < 6; index++) many.push(await services.submit(busy));
  const single = await services.submit(quiet);
  const { onJob, done } = noting(services, 7);
  await services.queue.work({ model: services.model, onJob });
  const order = await done;
  expect(order.indexOf(single)).toBeLessThanOrEqual(1);
  expect(order.filter((id) => id !== single)).toEqual(many);
});

test('a job of a higher priority overtakes those of its own account only', async () => {
  const services = await start();
  const [mine, other] = [await services.customer(), await services.customer()];
  const first = await services.submit(mine);
  const theirs = await services.submit(other);
  const second = await services.submit(mine);
  const urgent = await services.submit(mine, { priority: 5 });
  const { onJob, done } = noting(services, 4);
  await services.queue.work({ model: services.model, onJob });
  const order = await done;
  expect(order.filter((id) => id !== theirs)).toEqual([urgent, first, second]);
  expect(order.indexOf(theirs)).toBeLessThanOrEqual(1);
});

test('jobs that an account moves change places among themselves only, and workers take them in that order', async () => {
  const services = await start();
  const [mine, other] = [await services.customer(), await services.customer()];
  const own: string[] = [];
  const theirs: string[] = [];
  for (let index = 0; index < 4; index++) {
    own.push(await services.submit(mine));
    theirs.push(await services.submit(other));
  }
  const [a = '', b = '', c = '', d = ''] = own;
  const context = services.context;
  expect(await moveJob(context, mine.accountId, d, 'first')).toEqual([d, a, b, c]);
  expect(await moveJob(context, mine.accountId, a, { before: c })).toEqual([d, b, a, c]);
  expect(await moveJob(context, mine.accountId, b, 'last')).toEqual([d, a, c, b]);
  expect(await moveJob(context, mine.accountId, c, { before: c })).toEqual([d, a, c, b]);
  const { onJob, done } = noting(services, 8);
  await services.queue.work({ model: services.model, onJob });
  const order = await done;
  expect(order.filter((id) => own.includes(id))).toEqual([d, a, c, b]);
  expect(order.filter((id) => theirs.includes(id))).toEqual(theirs);
  // Each account still has every second turn.
  for (const index of [0, 2, 4, 6])
    expect(order.slice(index, index + 2).filter((id) => own.includes(id))).toHaveLength(1);
});

test('a job that has begun, is another customer’s or of another model is not moved', async () => {
  const services = await start();
  const [mine, other] = [await services.customer(), await services.customer()];
  const [begun, queued, theirs] = [
    await services.submit(mine),
    await services.submit(mine),
    await services.submit(other),
  ];
  await opened().database.transaction((queries) =>
    markStarted(queries, { jobId: begun, workerId: newId(), now: new Date() }),
  );
  const move = (id: string, place: Place) => moveJob(services.context, mine.accountId, id, place);
  await expect(move(begun, 'first')).rejects.toMatchObject({ code: 'conflict', message: /not queued any more/ });
  await expect(move(queued, { before: begun })).rejects.toMatchObject({ code: 'conflict' });
  await expect(move(theirs, 'first')).rejects.toMatchObject({ code: 'not_found' });
  await expect(move(queued, { before: theirs })).rejects.toMatchObject({ code: 'not_found' });
});

test('of a job that a worker starts while it is moved, one of the two is told to wait, and it starts once', async () => {
  const services = await start();
  const mine = await services.customer();
  const [first, second] = [await services.submit(mine), await services.submit(mine)];
  const { promise: release, resolve: letGo } = Promise.withResolvers<void>();
  const { promise: locked, resolve: onLocked } = Promise.withResolvers<void>();
  const starting = opened().database.transaction(async (queries) => {
    await markStarted(queries, { jobId: first, workerId: newId(), now: new Date() });
    onLocked();
    await release;
  });
  await locked;
  const moving = moveJob(services.context, mine.accountId, second, { before: first });
  letGo();
  await starting;
  await expect(moving).rejects.toMatchObject({ code: 'conflict', message: /it is running/ });
});

test('all unfinished jobs of an account are cancelled at once and refunded, and nobody else’s', async () => {
  const services = await start();
  const [mine, other] = [await services.customer(), await services.customer()];
  const own = [await services.submit(mine), await services.submit(mine), await services.submit(mine)];
  const theirs = await services.submit(other);
  await opened().database.transaction((queries) =>
    markStarted(queries, { jobId: own[0] ?? '', workerId: newId(), now: new Date() }),
  );
  expect(await cancelUnfinishedJobs(services.context, mine.accountId, 'queued')).toBe(2);
  expect(await cancelUnfinishedJobs(services.context, mine.accountId)).toBe(1);
  expect(await cancelUnfinishedJobs(services.context, mine.accountId)).toBe(0);
  const { onJob, done } = noting(services, 1);
  await services.queue.work({ model: services.model, onJob });
  expect(await done).toEqual([theirs]);
  for (const id of own) expect((await services.jobs.get(mine.accountId, id)).job.state).toBe('cancelled');
});

test('an account at its limit holds up nobody behind it', async () => {
  const services = await start({ jobsPerAccount: 1 });
  const elsewhere = await start({ model: services.model, jobsPerAccount: 1 });
  const [busy, quiet] = [await services.customer(), await services.customer()];
  const { promise: release, resolve: letGo } = Promise.withResolvers<void>();
  const { promise: started, resolve: onStarted } = Promise.withResolvers<string>();
  const first = await services.submit(busy);
  await services.queue.work({
    model: services.model,
    onJob: async ({ jobId }) => {
      onStarted(jobId);
      await release;
    },
  });
  expect(await started).toBe(first);
  // The head of the queue is the busy account's now, whose limit is reached.
  await services.submit(busy);
  const free = await services.submit(quiet);
  const { onJob, done } = noting(elsewhere, 1);
  await elsewhere.queue.work({ model: services.model, onJob });
  expect(await done).toEqual([free]);
  letGo();
});

test('an account with a limit of its own runs as many jobs', async () => {
  const services = await start({ jobsPerAccount: 1 });
  const elsewhere = await start({ model: services.model, jobsPerAccount: 1 });
  const customer = await services.customer();
  const change = { max_concurrent: 2 };
  await opened().database.kysely.updateTable('accounts').set(change).where('id', '=', customer.accountId).execute();
  const submitted = [await services.submit(customer), await services.submit(customer)];
  const { promise: together, resolve } = Promise.withResolvers<void>();
  const seen = new Set<string>();
  const onJob = async ({ jobId }: ClaimedJob) => {
    seen.add(jobId);
    if (seen.size === 2) resolve();
    await together;
  };
  await services.queue.work({ model: services.model, onJob });
  await elsewhere.queue.work({ model: services.model, onJob });
  await together;
  expect([...seen].sort()).toEqual([...submitted].sort());
});

test('jobs that have ended leave the queue soon: what its supervisor does each second depends on its size', async () => {
  const services = await start();
  const id = await services.submit(await services.customer());
  const { onJob, done } = noting(services, 1);
  await services.queue.work({ model: services.model, onJob });
  await done;
  const { kysely } = opened().database;
  const state = async () =>
    (await sql<{ state: string }>`select state::text from pgboss.job where id = ${id}`.execute(kysely)).rows[0]?.state;
  await expect.poll(state).toBe('completed');
  await sql`update pgboss.job set completed_on = now() - interval '61 seconds' where id = ${id}`.execute(kysely);
  await expect.poll(state).toBeUndefined();
});

test('a cancelled job is never handed to a worker', async () => {
  const services = await start();
  const customer = await services.customer();
  const cancelled = await services.submit(customer);
  const kept = await services.submit(customer);
  await services.cancelJob(customer.accountId, cancelled);
  const { onJob, done } = noting(services, 1);
  await services.queue.work({ model: services.model, onJob });
  expect(await done).toEqual([kept]);
  expect(await queueEntries(opened().database, services.model)).toBe(0);
});

test('a job that fails is tried three times and then given up', async () => {
  const services = await start();
  const customer = await services.customer();
  const jobId = await services.submit(customer);
  const attempts: boolean[] = [];
  const { promise: attemptsUsedUp, resolve } = Promise.withResolvers<string>();
  await services.queue.onGivenUp(async (id) => resolve(id));
  await services.queue.work({
    model: services.model,
    onJob: async ({ isLastAttempt }) => {
      attempts.push(isLastAttempt);
      throw new Error('this attempt came to nothing');
    },
  });
  expect(await attemptsUsedUp).toBe(jobId);
  expect(attempts).toEqual([false, false, true]);
});

test('a job that is handed back goes to another worker and has not used up an attempt', async () => {
  const services = await start();
  const elsewhere = await start({ model: services.model });
  const customer = await services.customer();
  const jobId = await services.submit(customer);
  const { promise: started, resolve: onStarted } = Promise.withResolvers<void>();
  await services.queue.work({
    model: services.model,
    onJob: async (job) => {
      onStarted();
      await new Promise((resolve) => job.signal.addEventListener('abort', resolve));
      expect(job.signal.reason).toBeInstanceOf(HandBack);
      await services.database.transaction((transaction) => job.handBack(transaction));
    },
  });
  await started;
  const { promise: attempts, resolve } = Promise.withResolvers<boolean[]>();
  const seen: boolean[] = [];
  await services.queue.stopWork({ drainMs: 50 });
  await elsewhere.queue.work({
    model: services.model,
    onJob: async (job) => {
      seen.push(job.isLastAttempt);
      expect(job.jobId).toBe(jobId);
      if (seen.length === 3) resolve(seen);
      throw new Error('this attempt came to nothing');
    },
  });
  expect(await attempts).toEqual([false, false, true]);
});

test('a paused queue takes jobs and starts none until it is resumed', async () => {
  const services = await start();
  const customer = await services.customer();
  await services.queue.pause();
  const { onJob, done } = noting(services, 1);
  await services.queue.work({ model: services.model, onJob });
  const jobId = await services.submit(customer);
  expect(await queueEntries(opened().database, services.model)).toBe(1);
  await services.queue.resume();
  expect(await done).toEqual([jobId]);
});
