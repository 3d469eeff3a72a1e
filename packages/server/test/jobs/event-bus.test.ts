import { sql } from 'kysely';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { appendFinalEvent, eventsAfter, type JobNews } from '../../src/jobs/job-events.ts';
import { newCustomer } from '../support/customers.ts';
import { useDatabase } from '../support/database.ts';
import { aSubmission } from '../support/job-requests.ts';
import { type JobServices, startJobServices } from '../support/job-services.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';

const opened = useDatabase();
const folder = useTemporaryFolder();
let services: JobServices;

beforeAll(async () => {
  services = await startJobServices({ ...opened(), folder: folder() });
});

afterAll(() => services.stop());

const step = (index: number) =>
  ({ kind: 'step', index, total: 9, sigma: 0.5, etaSeconds: 1, preview: Buffer.from([index]) }) as const;

async function submit() {
  const customer = await newCustomer(opened().database, { available: 1000n });
  return (await services.submitJob(aSubmission(customer))).job;
}

const readAfter = (jobId: string, id: bigint) =>
  services.database.transaction((transaction) => eventsAfter(transaction, new Map([[jobId, id]])));

/** Ends the connections that listen, as a restart of the database does. */
async function breakListeners(): Promise<void> {
  await sql`select pg_terminate_backend(pid) from pg_stat_activity where query ilike 'listen "easel%' and pid <> pg_backend_pid()`.execute(
    opened().database.kysely,
  );
}

test('events are kept in order and read again from any of them on', async () => {
  const { id } = await submit();
  for (const index of [1, 2, 3]) await services.bus.publish(id, step(index));
  const all = await readAfter(id, 0n);
  expect(all.map(({ event }) => event)).toEqual([step(1), step(2), step(3)]);
  expect(await readAfter(id, all[0]?.id ?? 0n)).toEqual(all.slice(1));
});

/** The news that a bus tells, as they come. */
function newsOf(bus: JobServices['bus']) {
  const told: (JobNews | null)[] = [];
  const listening = bus.onNews((news) => told.push(news));
  onTestFinished(() => listening[Symbol.dispose]());
  return told;
}

test('every event is told in every process, with its job, its account, and whether it is only a step', async () => {
  const elsewhere = await startJobServices({ ...opened(), folder: folder() });
  onTestFinished(() => elsewhere.stop());
  const told = newsOf(elsewhere.bus);
  const { id: jobId, accountId } = await submit();
  await services.bus.publish(jobId, step(1));
  await services.cancelJob(accountId, jobId);
  const isStep = [false, true, false];
  await expect.poll(() => told).toEqual(isStep.map((each) => ({ jobId, accountId, isStep: each })));
});

test('an event of a transaction that is undone is never seen', async () => {
  const { id, accountId } = await submit();
  const undone = services.database.transaction(async (transaction) => {
    await appendFinalEvent(transaction, { jobId: id, accountId }, { kind: 'succeeded' });
    throw new Error('undo');
  });
  await expect(undone).rejects.toThrow('undo');
  expect(await readAfter(id, 0n)).toEqual([]);
});

test('a cancel reaches whoever asked for it, in any process', async () => {
  const elsewhere = await startJobServices({ ...opened(), folder: folder() });
  const job = await submit();
  const { promise: told, resolve } = Promise.withResolvers<void>();
  using _watch = elsewhere.bus.onCancel(job.id, resolve);
  await services.cancelJob(job.accountId, job.id);
  await told;
  await elsewhere.stop();
});

test('after its connection broke, the bus says that it may have missed something, and tells of cancels that it missed', async () => {
  const [watched, cancelled] = [await submit(), await submit()];
  const told = newsOf(services.bus);
  const { promise: toldOfCancel, resolve } = Promise.withResolvers<void>();
  using _watch = services.bus.onCancel(cancelled.id, resolve);
  const before = services.errors.length;
  await breakListeners();
  await expect.poll(() => services.errors.length).toBeGreaterThan(before);
  // Whether the bus listens again by now or not, it learns of this.
  await services.cancelJob(cancelled.accountId, cancelled.id);
  await toldOfCancel;
  await expect.poll(() => told).toContain(null);
  await services.bus.publish(watched.id, step(1));
  const news = { jobId: watched.id, accountId: watched.accountId, isStep: true };
  await expect.poll(() => told).toContainEqual(news);
});
