import { decodeImage, readParameters } from '@easel/engine';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Submission } from '../../src/jobs/admit-jobs.ts';
import type { FollowedEvent } from '../../src/jobs/feed-reading.ts';
import type { Painter } from '../../src/models/painter.ts';
import type { ReviewHook } from '../../src/models/review.ts';
import { findKnownImages } from '../../src/pictures/images.ts';
import { expectSoundLedger } from '../ledger/ledger-invariants.ts';
import { customerServices, newCustomer } from '../support/customers.ts';
import { useDatabase } from '../support/database.ts';
import { aRequest, aSubmission } from '../support/job-requests.ts';
import { type JobServices, startJobServices } from '../support/job-services.ts';
import { usePainter } from '../support/painter.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';

const opened = useDatabase();
const folder = useTemporaryFolder();
const painter = usePainter();
let services: JobServices;
let work: ReturnType<JobServices['worker']>;

beforeAll(async () => {
  services = await startJobServices({ ...opened(), folder: folder(), models: ['demo', 'unattended'] });
  work = services.worker(painter());
  await services.queue.work({ model: 'demo', onJob: (job) => work.run(job) });
});

afterAll(() => services.stop());

const patience = () => AbortSignal.timeout(300_000);
const ended = (jobId: string) => services.feed.end(jobId, patience());
const customer = () => newCustomer(opened().database, { available: 1_000_000n });
const balanceOf = (accountId: string) => customerServices(opened().database).credits.balance(accountId);

async function submit(change: Parameters<typeof aSubmission>[1] = {}) {
  const who = await customer();
  const { job } = await services.submitJob(aSubmission(who, change));
  return { ...who, job };
}

async function follow(jobId: string, afterId = 0n): Promise<FollowedEvent[]> {
  const seen: FollowedEvent[] = [];
  const events = services.feed.follow(jobId, afterId, patience());
  for await (const event of events) seen.push(event);
  return seen;
}

async function bytesOf(name: string) {
  const { image, file } = await services.library.open(name);
  await file.close();
  return { image, bytes: await services.library.read(name) };
}

/** A job that is in no worker's reach but the test's. */
async function claimByHand(hook: ReviewHook | null = null) {
  const who = await customer();
  const { job } = await services.submitJob(aSubmission(who, { request: { model: 'unattended' } }));
  const signal = new AbortController().signal;
  const claimed = { jobId: job.id, signal, isLastAttempt: false, handBack: () => Promise.reject(new Error('unasked')) };
  return { ...who, job, run: (by: Painter = painter()) => services.worker(by, hook).run(claimed) };
}

test('a job ends with its pictures kept, its price charged and its parameters in the file', async () => {
  const { job, accountId } = await submit({ request: { samples: 2, seed: 7 } });
  const { job: done, images } = await ended(job.id);
  expect(done).toMatchObject({ state: 'succeeded', attempt: 1, failure: null });
  expect(done.queueMs).toBeGreaterThanOrEqual(0);
  expect(done.runMs).toBeGreaterThan(0);
  expect(images.map(({ seed, index }) => ({ seed, index }))).toEqual([
    { seed: 7, index: 0 },
    { seed: 8, index: 1 },
  ]);
  const { image, bytes } = await bytesOf(images[1]?.name ?? '');
  expect(bytes).toHaveLength(image.bytes);
  expect(await decodeImage(bytes)).toMatchObject({ width: 128, height: 128 });
  expect(readParameters(bytes)).toContain('a red apple on a blue background');
  expect(await balanceOf(accountId)).toEqual({ available: 1_000_000n - job.price, held: 0n });
  await expectSoundLedger(opened().database);
});

test('an idempotency key gets the job again after it succeeded, without another charge', async () => {
  const who = await customer();
  const submission = aSubmission(who, { idempotency: { key: 'mine', bodyHash: Buffer.alloc(32) } });
  const { job } = await services.submitJob(submission);
  await ended(job.id);
  const again = await services.submitJob(submission);
  expect(again).toMatchObject({ isReplay: true, job: { id: job.id, state: 'succeeded' } });
  expect(await balanceOf(who.accountId)).toEqual({ available: 1_000_000n - job.price, held: 0n });
});

test('a file that is not what was stored is neither shown nor given out, and the operator is told', async () => {
  const { job } = await submit();
  const [image] = (await ended(job.id)).images;
  const { name = '', bytes: size = 0 } = image ?? {};
  const { bytes } = await bytesOf(name);
  for (const damaged of [bytes.slice(0, 10), new Uint8Array(0), new Uint8Array(size)]) {
    const told = services.errors.length;
    await services.store.put(name, 'jpeg', damaged);
    await expect(services.library.open(name)).rejects.toMatchObject({ code: 'not_found', message: /damaged/ });
    await expect(services.library.read(name)).rejects.toMatchObject({ code: 'not_found', message: /damaged/ });
    expect(services.errors.slice(told)).toMatchObject([{ jobId: job.id }, { jobId: job.id }]);
  }
  await services.store.put(name, 'jpeg', bytes);
  expect((await bytesOf(name)).bytes).toEqual(bytes);
});

test('a sample is the single picture of its seed', async () => {
  const several = await submit({ request: { samples: 2, seed: 20, embedParameters: false } });
  const single = await submit({ request: { seed: 21, embedParameters: false } });
  const [, second] = (await ended(several.job.id)).images;
  const [only] = (await ended(single.job.id)).images;
  expect((await bytesOf(second?.name ?? '')).bytes).toEqual((await bytesOf(only?.name ?? '')).bytes);
});

test('whoever follows a job sees it start, its last step and its end, and can take up where he left', async () => {
  const { job } = await submit({ request: { steps: 6, preview: true } });
  const seen = await follow(job.id);
  const kinds = seen.map(({ event }) => event.kind);
  expect(kinds).toContain('started');
  expect(kinds.at(-1)).toBe('succeeded');
  const steps = seen.flatMap(({ event }) => (event.kind === 'step' ? [event] : []));
  expect(steps.at(-1)).toMatchObject({ index: 6, total: 6 });
  const { preview } = steps.at(-1) ?? {};
  expect(await decodeImage(preview ?? new Uint8Array())).toMatchObject({ width: expect.any(Number) });

  const stored = seen.filter(({ id }) => id !== null);
  const middle = stored[1]?.id ?? 0n;
  const replayed = await follow(job.id, middle);
  expect(replayed).toEqual(stored.slice(2));
});

test('whoever comes when the events are gone is still told the end', async () => {
  const { job } = await submit();
  await ended(job.id);
  await opened().database.kysely.deleteFrom('job_events').where('job_id', '=', job.id).execute();
  const told = await follow(job.id);
  expect(told).toMatchObject([{ id: null, event: { kind: 'succeeded', view: { job: { id: job.id } } } }]);
});

test('a running job that is cancelled is refunded at once, and its worker stops and takes the next one', async () => {
  const { job, accountId } = await submit({ request: { steps: 100, samples: 4 } });
  const next = await submit();
  for await (const { event } of services.feed.follow(job.id, 0n, patience())) {
    if (event.kind === 'step') break;
  }
  const cancelled = await services.cancelJob(accountId, job.id);
  expect(cancelled.state).toBe('cancelled');
  expect(await balanceOf(accountId)).toEqual({ available: 1_000_000n, held: 0n });
  expect((await ended(next.job.id)).job.state).toBe('succeeded');
  expect((await ended(job.id)).images).toEqual([]);
  await expectSoundLedger(opened().database);
});

test("another account's job can neither be seen nor cancelled", async () => {
  const { job } = await submit();
  const stranger = await customer();
  await expect(services.cancelJob(stranger.accountId, job.id)).rejects.toMatchObject({ code: 'not_found' });
  await expect(services.jobs.get(stranger.accountId, job.id)).rejects.toMatchObject({ code: 'not_found' });
  await ended(job.id);
});

/** Paints when it is allowed to. */
function paintingAfter(allowed: Promise<void>): Painter {
  const real = painter();
  return {
    models: () => real.models(),
    paint: (request, options) => allowed.then(() => real.paint(request, options)),
    refreshModels: () => real.refreshModels(),
    tokenize: (model, text) => real.tokenize(model, text),
    engines: () => real.engines(),
    isNeeded: (model, index, signal) => real.isNeeded(model, index, signal),
    warmUp: (model, index, signal) => real.warmUp(model, index, signal),
    memory: () => real.memory(),
    close: () => real.close(),
  };
}

test('when two workers run the same job, only the later attempt counts, and it is charged and stored once', async () => {
  const { job, accountId, run } = await claimByHand();
  const [early, late] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const attemptNow = async () => (await services.jobs.get(null, job.id)).job.attempt;
  const firstRun = run(paintingAfter(early.promise));
  await expect.poll(attemptNow).toBe(1);
  const secondRun = run(paintingAfter(late.promise));
  await expect.poll(attemptNow).toBe(2);

  // The one that was taken for dead ends first, and comes to nothing.
  early.resolve();
  await firstRun;
  const between = await services.jobs.get(null, job.id);
  expect(between.job.state).toBe('running');
  expect(between.images).toEqual([]);
  expect(await balanceOf(accountId)).toEqual({ available: 1_000_000n - job.price, held: job.price });

  late.resolve();
  await secondRun;
  const { job: done, images } = await ended(job.id);
  expect(done).toMatchObject({ state: 'succeeded', attempt: 2 });
  expect(images).toHaveLength(1);
  expect(await balanceOf(accountId)).toEqual({ available: 1_000_000n - job.price, held: 0n });
  const known = (names: readonly string[]) =>
    services.database.transaction((transaction) => findKnownImages(transaction, names));
  const onFailure = (_path: string, error: unknown) => expect.unreachable(String(error));
  const everything = { olderThan: new Date(Date.now() + 60_000), known, signal: patience(), onFailure };
  expect(await services.store.sweep(everything)).toBe(0);
  await expectSoundLedger(opened().database);
});

test('a picture that cannot be read fails at once and is refunded', async () => {
  const startImage = { image: Buffer.from('no picture at all'), mask: null };
  const { job, accountId } = await submit({ startImage, request: { strength: 0.5 } });
  const { job: failed } = await ended(job.id);
  expect(failed).toMatchObject({ state: 'failed', attempt: 1 });
  expect(failed.failure).toMatchObject({ code: 'invalid_request', param: 'image' });
  expect(await balanceOf(accountId)).toEqual({ available: 1_000_000n, held: 0n });
});

test('a job that starts from a picture keeps neither it nor what it is not to store', async () => {
  const start = await submit({ request: { format: 'png' } });
  const [first] = (await ended(start.job.id)).images;
  const { bytes: image } = await bytesOf(first?.name ?? '');
  const request = { strength: 0.5, steps: 4, prompt: 'a secret', negativePrompt: 'unspeakable' };
  const { job } = await submit({ store: false, startImage: { image, mask: null }, request });
  const { job: done, images } = await ended(job.id);
  expect(done).toMatchObject({ state: 'succeeded', prompt: null });
  expect(JSON.stringify(done.request)).not.toMatch(/secret|unspeakable/);
  expect(done.request).toMatchObject({ image: null, strength: 0.5, steps: 4 });
  await services.library.removeOf(job.id);
  await expect(services.library.open(images[0]?.name ?? '')).rejects.toMatchObject({ code: 'not_found' });
});

test('a picture that the review refuses is shown to nobody and not charged', async () => {
  const hook = { review: async () => ({ accept: false, reason: 'it is red' }) };
  const { job, accountId, run } = await claimByHand(hook);
  await run();
  const { job: rejected, images } = await ended(job.id);
  expect(rejected.failure).toMatchObject({ code: 'content_rejected', message: expect.stringContaining('it is red') });
  expect(images).toEqual([]);
  expect(await balanceOf(accountId)).toEqual({ available: 1_000_000n, held: 0n });
});

test('what the review does not understand is shown to nobody either, and tried again', async () => {
  const hook = { review: () => Promise.reject(new Error('the hook is out of order')) };
  const { job, run } = await claimByHand(hook);
  await expect(run()).rejects.toThrow('out of order');
  const { job: waiting, images } = await services.jobs.get(null, job.id);
  expect(waiting).toMatchObject({ state: 'queued', attempt: 1 });
  expect(images).toEqual([]);
});

test('after a run the time of the next one can be told', async () => {
  const { job } = await submit();
  await ended(job.id);
  await services.queue.pause();
  const waiting = await submit({ request: aRequest({ steps: 10 }) });
  const behind = await submit();
  const first = (await services.jobs.get(null, waiting.job.id)).outlook;
  const second = (await services.jobs.get(null, behind.job.id)).outlook;
  expect(first?.etaSeconds).toBeGreaterThan(0);
  expect(second?.position).toBe((first?.position ?? 0) + 1);
  expect(second?.etaSeconds).toBeGreaterThan(first?.etaSeconds ?? 0);
  await services.queue.resume();
  await ended(behind.job.id);
});

test('jobs are found by words, seed, size and mark, a page at a time', async () => {
  const who = await customer();
  const make = async (request: Partial<Submission['request']>) => {
    const { job } = await services.submitJob(aSubmission(who, { request }));
    await services.cancelJob(who.accountId, job.id);
    return job.id;
  };
  const apple = await make({ prompt: 'a green Apple, 100% ripe', seed: 5 });
  const pear = await make({ prompt: 'a pear', seed: 6, width: 64 });
  const plum = await make({ prompt: 'a plum', seed: 5 });
  const { accountId } = who;
  const found = async (filter: object) =>
    (await services.jobs.list({ accountId, limit: 10, ...filter })).jobs.map(({ job }) => job.id);
  expect(await found({})).toEqual([plum, pear, apple]);
  expect(await found({ words: ['apple', '100%'] })).toEqual([apple]);
  expect(await found({ words: ['10_'] })).toEqual([]);
  expect(await found({ seed: 5 })).toEqual([plum, apple]);
  expect(await found({ size: { width: 64, height: 128 } })).toEqual([pear]);
  await services.jobs.setFavourite(accountId, pear, true);
  expect(await found({ favourite: true })).toEqual([pear]);
  const page = await services.jobs.list({ accountId, limit: 2 });
  expect(page.next).toBe(pear);
  expect(await found({ before: page.next ?? '' })).toEqual([apple]);
});
