import { sql } from 'kysely';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { FollowedEvent } from '../../src/jobs/feed-reading.ts';
import { appendEvent } from '../../src/jobs/job-events.ts';
import { JobFeed } from '../../src/jobs/job-feed.ts';
import { markStarted } from '../../src/jobs/jobs-table.ts';
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

const step = (index: number) => ({ kind: 'step', index, total: 9, sigma: 0.5, etaSeconds: 1, preview: null }) as const;
const customer = () => newCustomer(opened().database, { available: 1_000_000n });

async function submit(who: { readonly accountId: string; readonly keyId: string }) {
  return (await services.submitJob(aSubmission(who))).job;
}

/** What a reader gets, as it comes, until it leaves or the test ends. */
function reading(events: AsyncIterable<FollowedEvent>, leaving = new AbortController()) {
  const got: FollowedEvent[] = [];
  const ended = (async () => {
    for await (const event of events) got.push(event);
  })().catch((error: unknown) => {
    if (!leaving.signal.aborted) throw error;
  });
  onTestFinished(async () => {
    leaving.abort();
    await ended;
  });
  return {
    got,
    told: () => got.map(({ jobId, event }) => [jobId, event.kind]),
    async leave() {
      leaving.abort();
      await ended;
    },
  };
}

async function readAccount(accountId: string, after: bigint | null = null, feed = services.feed) {
  const leaving = new AbortController();
  const { cursor, events } = await feed.followAccount(accountId, after, leaving.signal);
  return { cursor, ...reading(events, leaving) };
}

/** As a worker does, without drawing. */
async function start(jobId: string): Promise<void> {
  await services.database.transaction(async (transaction) => {
    const started = await markStarted(transaction, { jobId, workerId: jobId, now: new Date() });
    const accountId = started?.accountId ?? '';
    await appendEvent(transaction, { jobId, accountId }, { kind: 'started', startedAt: new Date() });
  });
}

test("an account's stream begins with how far its jobs are, and tells of all that happens to old and new ones, and to no other account's", async () => {
  const [who, stranger] = [await customer(), await customer()];
  const [running, waiting, ended] = [await submit(who), await submit(who), await submit(who)];
  await services.cancelJob(who.accountId, ended.id);
  await start(running.id);
  for (const index of [1, 2]) await services.bus.publish(running.id, step(index));
  const account = await readAccount(who.accountId);
  await expect.poll(() => account.got.length).toBe(3);
  expect(account.got).toMatchObject([
    { jobId: running.id, event: { kind: 'started' } },
    { jobId: running.id, event: { kind: 'step', index: 2 } },
    { jobId: waiting.id, event: { kind: 'queued' } },
  ]);
  await submit(stranger);
  const added = await submit(who);
  await expect.poll(account.told).toContainEqual([added.id, 'queued']);
  await services.bus.publish(running.id, step(3));
  await expect.poll(() => account.got.at(-1)?.event).toMatchObject({ kind: 'step', index: 3 });
  await services.cancelJob(who.accountId, running.id);
  await expect.poll(account.told).toContainEqual([running.id, 'cancelled']);
  expect(account.got.find(({ event }) => event.kind === 'cancelled')?.event).toMatchObject({
    view: { job: { id: running.id, state: 'cancelled' } },
  });
  expect(new Set(account.got.map(({ jobId }) => jobId))).toEqual(new Set([running.id, waiting.id, added.id]));
});

test('whoever comes back to an account is told every end that he missed once, in order, even if the events are gone', async () => {
  const who = await customer();
  const jobs = [await submit(who), await submit(who), await submit(who)];
  const first = await readAccount(who.accountId);
  await services.cancelJob(who.accountId, jobs[1]?.id ?? '');
  await expect.poll(first.told).toContainEqual([jobs[1]?.id, 'cancelled']);
  await first.leave();
  const seen = first.got.findLast(({ id }) => id !== null)?.id ?? 0n;
  for (const job of [jobs[2], jobs[0]]) await services.cancelJob(who.accountId, job?.id ?? '');
  // As a crash of the database does: they are in an unlogged table.
  await sql`truncate easel.job_events`.execute(opened().database.kysely);
  const later = await readAccount(who.accountId, seen);
  await expect.poll(later.told).toEqual([
    [jobs[2]?.id, 'cancelled'],
    [jobs[0]?.id, 'cancelled'],
  ]);
  const atStart = await readAccount(who.accountId, first.cursor);
  await expect.poll(() => atStart.got.length).toBe(3);
});

test('however many follow, and whatever they follow, their process asks the database once', async () => {
  const who = await customer();
  const job = await submit(who);
  let transactions = 0;
  const counted = new JobFeed({
    ...services,
    database: {
      ...services.database,
      transaction(work) {
        transactions += 1;
        return services.database.transaction(work);
      },
    },
  });
  const leaving = new AbortController();
  const readers = Array.from({ length: 300 }, () => reading(counted.follow(job.id, 0n, leaving.signal), leaving));
  await expect.poll(() => readers.every(({ got }) => got.length === 1)).toBe(true);
  const opening = transactions;
  for (const index of [1, 2, 3]) await services.bus.publish(job.id, step(index));
  await services.cancelJob(who.accountId, job.id);
  await expect.poll(() => readers.every(({ got }) => got.at(-1)?.event.kind === 'cancelled')).toBe(true);
  for (const { got } of readers)
    expect(got.map(({ event }) => event.kind)).toEqual(['queued', 'step', 'step', 'step', 'cancelled']);
  // Four notices; now and then a look besides, should the machine be slow.
  expect(opening).toBeLessThan(10);
  expect(transactions).toBeLessThan(60);
});

test('notices that are lost are made up for', async () => {
  const deaf = new JobFeed({ ...services, bus: { onNews: () => ({ [Symbol.dispose]() {} }) } });
  const who = await customer();
  const job = await submit(who);
  const account = await readAccount(who.accountId, null, deaf);
  const single = reading(deaf.follow(job.id, 0n, AbortSignal.timeout(60_000)));
  await expect.poll(() => single.got.length).toBe(1);
  const later = await submit(who);
  await services.cancelJob(who.accountId, job.id);
  await expect.poll(single.told).toContainEqual([job.id, 'cancelled']);
  await expect.poll(account.told).toContainEqual([job.id, 'cancelled']);
  await expect.poll(account.told).toContainEqual([later.id, 'queued']);
});

test('a job that is not there is an error for who follows it', async () => {
  const nowhere = '01980c5e-7d3a-7c61-9a52-3f0b6f1c2d4e';
  await expect(services.feed.end(nowhere, AbortSignal.timeout(60_000))).rejects.toMatchObject({ code: 'not_found' });
});

test('whoever comes while others follow misses nothing of what they have seen', async () => {
  const who = await customer();
  const job = await submit(who);
  const early = reading(services.feed.follow(job.id, 0n, AbortSignal.timeout(60_000)));
  await start(job.id);
  for (let index = 1; index <= 20; index += 1) await services.bus.publish(job.id, step(index));
  const late = reading(services.feed.follow(job.id, 0n, AbortSignal.timeout(60_000)));
  await services.cancelJob(who.accountId, job.id);
  const kinds = (each: typeof early) => each.got.map(({ event }) => event.kind).filter((kind) => kind !== 'queued');
  await expect.poll(() => kinds(late).at(-1)).toBe('cancelled');
  expect(kinds(late)).toEqual(['started', ...Array.from({ length: 20 }, () => 'step'), 'cancelled']);
  await expect.poll(() => kinds(early)).toEqual(kinds(late));
});
