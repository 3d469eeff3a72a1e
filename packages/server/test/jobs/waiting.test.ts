import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { encodeImage } from '@easel/engine';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { deleteJob } from '../../src/jobs/jobs-table.ts';
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
let services: JobServices;

/** Jobs of `demo` are drawn; those of `unattended` wait. */
const models = ['demo', 'unattended'];
const waiting = { request: { model: 'unattended' } } as const;

beforeAll(async () => {
  services = await startJobServices({ ...opened(), folder: folder(), models, queueLength: 6, queuedPerAccount: 4 });
  const { run } = services.worker(painter());
  await services.queue.work({ model: 'demo', onJob: (job) => run(job) });
});

afterAll(() => services.stop());

const customer = () => newCustomer(opened().database, { available: 1_000_000n });
type Customer = Awaited<ReturnType<typeof customer>>;

const balanceOf = ({ accountId }: Customer) => customerServices(opened().database).credits.balance(accountId);

async function submit(who: Customer, change: Parameters<typeof aSubmission>[1] = waiting) {
  return (await services.submitJob(aSubmission(who, change))).job;
}

async function cancelAll(): Promise<void> {
  for (const { job } of (await services.jobs.list({ states: ['queued'], limit: 100 })).jobs) {
    await services.cancelJob(null, job.id);
  }
}

test('an account can have so many jobs waiting and no more, however fast it sends them, and loses no credits by the rest', async () => {
  const who = await customer();
  const sent = await Promise.allSettled(Array.from({ length: 12 }, () => submit(who)));
  const taken = sent.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const refused = sent.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []));
  expect(taken).toHaveLength(4);
  expect(refused).toHaveLength(8);
  for (const reason of refused) {
    expect(reason).toMatchObject({ code: 'rate_limited', retryAfterSeconds: expect.any(Number) });
    expect(reason.message).toMatch(/4 jobs queued, and at most 4 are allowed/);
  }
  const price = taken[0]?.price ?? 0n;
  expect(await balanceOf(who)).toEqual({ available: 1_000_000n - 4n * price, held: 4n * price });
  await cancelAll();
  await expectSoundLedger(opened().database);
});

test('the limit is of the account, not of the model or the key, and an account may have one of its own', async () => {
  const who = await customer();
  const { accountService, keyService } = customerServices(opened().database);
  await accountService.change(who.accountId, { maxQueued: 2 });
  const other = await keyService.create({
    accountId: who.accountId,
    name: 'another',
    scopes: ['generate'],
    models: null,
    monthlyBudget: null,
    requestsPerMinute: null,
    expiresAt: null,
  });
  await services.queue.pause();
  const { id } = await submit(who);
  await submit({ ...who, keyId: other.record.id }, { request: { model: 'demo' } });
  await expect(submit(who)).rejects.toMatchObject({ code: 'rate_limited' });
  await services.cancelJob(null, id);
  await submit(who);
  await cancelAll();
  await services.queue.resume();
});

test('accounts that have filled the queue are refused, and one that has less than its share still gets in', async () => {
  const [first, second, third] = [await customer(), await customer(), await customer()];
  for (let count = 0; count < 3; count++) {
    await submit(first);
    await submit(second);
  }
  await expect(submit(first)).rejects.toMatchObject({ code: 'overloaded', message: /queue is full: 6 jobs/ });
  await submit(third);
  await submit(third);
  await expect(submit(third)).rejects.toMatchObject({ code: 'overloaded' });
  await cancelAll();
});

test('a request that is sent again under its idempotency key is answered even by an account that has no room left', async () => {
  const who = await customer();
  const idempotency = { key: 'mine', bodyHash: Buffer.alloc(32) };
  const job = await submit(who, { ...waiting, idempotency });
  for (let count = 0; count < 3; count++) await submit(who);
  await expect(submit(who)).rejects.toMatchObject({ code: 'rate_limited' });
  expect((await submit(who, { ...waiting, idempotency })).id).toBe(job.id);
  await cancelAll();
});

/** A picture of noise, which no format makes small. */
async function aPicture(side = 64): Promise<Uint8Array> {
  const data = Uint8Array.from(
    { length: side * side * 3 },
    (_, index) => createHash('sha1').update(`${index}`).digest()[0] ?? 0,
  );
  return encodeImage({ width: side, height: side, data }, { format: 'png' });
}

const withPicture = { model: 'unattended', strength: 0.5, steps: 4 };

async function startFiles(): Promise<string[]> {
  return (await readdir(folder(), { recursive: true })).filter((file) => file.endsWith('.start'));
}

test('the picture to start from is a file and no part of the row; it goes when its job is cancelled, and no reader learns its name', async () => {
  const who = await customer();
  const startImage = { image: await aPicture(), mask: null };
  const job = await submit(who, { startImage, request: withPicture });
  const [file = ''] = await startFiles();
  expect(file).toContain(`${job.request.image}.start`);
  const row = sql<{ bytes: number }>`select octet_length(j::text) as bytes from easel.jobs j where id = ${job.id}`;
  expect((await row.execute(opened().database.kysely)).rows[0]?.bytes).toBeLessThan(2000);
  expect(startImage.image.length).toBeGreaterThan(4000);
  await expect(services.library.open(job.request.image ?? '')).rejects.toMatchObject({ code: 'not_found' });
  await services.cancelJob(who.accountId, job.id);
  expect(await startFiles()).toEqual([]);
});

test('a job draws from its picture, which is gone once the job has succeeded or failed', async () => {
  const who = await customer();
  const request = { ...withPicture, model: 'demo' };
  const drawn = await submit(who, { startImage: { image: await aPicture(), mask: null }, request });
  const failing = await submit(who, { startImage: { image: Buffer.from('no picture'), mask: null }, request });
  const signal = AbortSignal.timeout(300_000);
  expect((await services.feed.end(drawn.id, signal)).job).toMatchObject({
    state: 'succeeded',
    request: { image: null },
  });
  expect((await services.feed.end(failing.id, signal)).job.failure).toMatchObject({ param: 'image' });
  await expect.poll(startFiles).toEqual([]);
});

test('a mask is a second file, which goes with the picture', async () => {
  const who = await customer();
  const startImage = { image: await aPicture(), mask: await aPicture(8) };
  const job = await submit(who, { startImage, request: withPicture });
  expect((await startFiles()).length).toBe(2);
  expect(await services.startImages.of(job)).toEqual({
    image: Buffer.from(startImage.image),
    mask: Buffer.from(startImage.mask),
  });
  await services.cancelJob(who.accountId, job.id);
  expect(await startFiles()).toEqual([]);
});

test('a job that is refused leaves no picture behind, and one that is sent again keeps the first', async () => {
  const poor = await newCustomer(opened().database, { available: 1n });
  const picture = { startImage: { image: await aPicture(), mask: null }, request: withPicture };
  await expect(submit(poor, picture)).rejects.toMatchObject({ code: 'insufficient_credits' });
  expect(await startFiles()).toEqual([]);

  const who = await customer();
  const idempotency = { key: 'again', bodyHash: Buffer.alloc(32) };
  const all = await Promise.all(Array.from({ length: 4 }, () => submit(who, { ...picture, idempotency })));
  expect(new Set(all.map(({ id }) => id)).size).toBe(1);
  expect(await startFiles()).toEqual([expect.stringContaining(all[0]?.request.image ?? 'none')]);
  await cancelAll();
});

test('the janitor removes a picture that no job waits for, and only that', async () => {
  const who = await customer();
  await services.startImages.keep({ image: new Uint8Array([1]), mask: null });
  const job = await submit(who, { startImage: { image: await aPicture(), mask: null }, request: withPicture });
  const ahead = 2 * 60 * 60 * 1000;
  const clock = { now: () => new Date(Date.now() + ahead) };
  const later = await startJobServices({ ...opened(), folder: folder(), models, clock });
  expect(await later.janitor.sweep(AbortSignal.timeout(300_000))).toMatchObject({ orphans: 1 });
  await later.stop();
  expect(await startFiles()).toEqual([expect.stringContaining(job.request.image ?? 'none')]);
  await cancelAll();
});

test('a picture that the release before wrote into the row is drawn from, and read by nobody but the worker', async () => {
  const who = await customer();
  await services.queue.pause();
  const job = await submit(who, { request: { ...withPicture, model: 'demo' } });
  const image = Buffer.from(await aPicture()).toString('base64');
  const { kysely } = opened().database;
  await sql`update easel.jobs set request = request || ${JSON.stringify({ image })}::jsonb where id = ${job.id}`.execute(
    kysely,
  );
  const { jobs } = await services.jobs.list({ accountId: who.accountId, limit: 10 });
  expect(jobs.map((view) => view.job.request.image)).toEqual([null]);
  await services.queue.resume();
  const { job: done } = await services.feed.end(job.id, AbortSignal.timeout(300_000));
  expect(done).toMatchObject({ state: 'succeeded', request: { image: null } });
});

test('a picture that is gone fails its job, which is refunded', async () => {
  const who = await customer();
  await services.queue.pause();
  const job = await submit(who, {
    startImage: { image: await aPicture(), mask: null },
    request: { ...withPicture, model: 'demo' },
  });
  await services.store.remove(job.request.image ?? '', 'start');
  await services.queue.resume();
  const { job: failed } = await services.feed.end(job.id, AbortSignal.timeout(300_000));
  expect(failed).toMatchObject({
    state: 'failed',
    attempt: 1,
    failure: { message: /start image is no longer/ },
  });
  expect(await balanceOf(who)).toEqual({ available: 1_000_000n, held: 0n });
});

test('the key of a job whose record was deleted is refused with words, and nothing is charged a second time', async () => {
  const who = await customer();
  const idempotency = { key: 'deleted', bodyHash: Buffer.alloc(32) };
  const job = await submit(who, { request: { model: 'demo' }, idempotency });
  await services.feed.end(job.id, AbortSignal.timeout(300_000));
  const before = await balanceOf(who);
  await services.database.transaction((transaction) => deleteJob(transaction, job.id));
  await expect(submit(who, { request: { model: 'demo' }, idempotency })).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining(job.id),
  });
  expect(await balanceOf(who)).toEqual(before);
});
