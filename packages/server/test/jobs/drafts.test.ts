import { setTimeout as sleep } from 'node:timers/promises';
import { limits } from '@easel/contract';
import { decodeImage, encodeThumbnail } from '@easel/engine';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chargeHold, releaseHold } from '../../src/credits/holds.ts';
import { sumUsage } from '../../src/credits/usage.ts';
import { newId } from '../../src/ids.ts';
import { modelsWithQueuedJobs } from '../../src/jobs/admission.ts';
import type { FollowedEvent } from '../../src/jobs/feed-reading.ts';
import type { DraftSettings, JobRecord } from '../../src/jobs/job.ts';
import { markStarted } from '../../src/jobs/jobs-table.ts';
import { cancelUnfinishedJobs, moveJob } from '../../src/jobs/own-queue.ts';
import { saveSpeed } from '../../src/jobs/speed.ts';
import { JobSubmitter } from '../../src/jobs/submit-job.ts';
import type { PaintedSample, Painter } from '../../src/models/painter.ts';
import { findKnownImages } from '../../src/pictures/images.ts';
import { unlessAborted } from '../../src/unless-aborted.ts';
import { saveSweepTimes } from '../../src/workers/deletion-hold.ts';
import { expectSoundLedger } from '../ledger/ledger-invariants.ts';
import { anyModel, customerServices, newCustomer } from '../support/customers.ts';
import { useDatabase } from '../support/database.ts';
import { aSubmission } from '../support/job-requests.ts';
import { type JobServices, startJobServices } from '../support/job-services.ts';
import { usePainter } from '../support/painter.ts';
import { queueEntries } from '../support/queue-entries.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';

const opened = useDatabase();
const folder = useTemporaryFolder();
const painter = usePainter();
let services: JobServices;

/** Jobs of `demo` are drawn; those of `unattended` wait. */
const models = ['demo', 'unattended', 'unmeasured'];
const CREDITS = 1_000_000n;
const MINUTE_MS = 60_000;

beforeAll(async () => {
  services = await startJobServices({ ...opened(), folder: folder(), models });
  const { run } = services.worker(painter());
  await services.queue.work({ model: 'demo', onJob: (job) => run(job) });
  const speed = { msPerStepMegapixel: 1000, msPerImage: 100, runs: 1 };
  await services.database.transaction(async (queries) => {
    for (const model of ['demo', 'unattended'])
      await saveSpeed(queries, { model, profile: 'exact', device: 'cpu' }, speed);
  });
});

afterAll(() => services.stop());

const patience = () => AbortSignal.timeout(300_000);
const ended = (jobId: string) => services.feed.end(jobId, patience());
const customer = (available = CREDITS) => newCustomer(opened().database, { available });
type Customer = Awaited<ReturnType<typeof customer>>;
const balanceOf = ({ accountId }: Customer) => customerServices(opened().database).credits.balance(accountId);
const waiting = { model: 'unattended' } as const;

type Request = NonNullable<Parameters<typeof aSubmission>[1]>['request'];
const aDraft = (who: Customer, request: Request = {}) => aSubmission(who, { request, draft: true, store: false });
async function draft(who: Customer, request: Request = {}): Promise<JobRecord> {
  return (await services.submitJob(aDraft(who, request))).job;
}

async function follow(jobId: string): Promise<FollowedEvent['event'][]> {
  const seen: FollowedEvent['event'][] = [];
  for await (const { event } of services.feed.follow(jobId, 0n, patience())) seen.push(event);
  return seen;
}

/** Of the drafts of an account, by when they were taken. */
async function statesOf({ accountId }: Customer): Promise<string[]> {
  const { kysely } = opened().database;
  const query = kysely.selectFrom('jobs').select('state').where('account_id', '=', accountId).where('draft', '=', true);
  return (await query.orderBy('id').execute()).map(({ state }) => state);
}

/** A painter that makes pictures in another way. */
function withPaint(paint: Painter['paint']): Painter {
  const real = painter();
  return {
    models: () => real.models(),
    refreshModels: () => real.refreshModels(),
    tokenize: (...text) => real.tokenize(...text),
    engines: () => real.engines(),
    isNeeded: (...engine) => real.isNeeded(...engine),
    warmUp: (...engine) => real.warmUp(...engine),
    memory: () => real.memory(),
    close: () => real.close(),
    paint,
  };
}

/** Another process with other settings, which has no worker. */
async function otherwise<Result>(drafts: Partial<DraftSettings>, use: (submitter: JobSubmitter) => Promise<Result>) {
  return use(new JobSubmitter({ ...services.context, drafts: { ...services.drafts, ...drafts } }));
}

test('a draft is a small picture that costs nothing, and of which no file, usage or entry of the ledger is made', async () => {
  const who = await customer();
  const job = await draft(who, { seed: 7 });
  expect(job).toMatchObject({ draft: true, price: 0n, store: false });
  const events = await follow(job.id);
  expect(events.map(({ kind }) => kind).filter((kind) => kind !== 'queued')).toEqual([
    'started',
    'sample',
    'succeeded',
  ]);
  const sample = events.find((event) => event.kind === 'sample');
  expect(await decodeImage(sample?.preview ?? new Uint8Array())).toMatchObject({ width: 64, height: 64 });
  const { job: done, images } = await ended(job.id);
  expect(done).toMatchObject({ state: 'succeeded', prompt: null, price: 0n });
  expect(images).toEqual([]);
  expect(await balanceOf(who)).toEqual({ available: CREDITS, held: 0n });
  const { kysely } = opened().database;
  const day = { from: new Date(Date.now() - 24 * 60 * MINUTE_MS), to: new Date(Date.now() + MINUTE_MS) };
  const usage = { accountId: who.accountId, group: 'model', ...day } as const;
  expect(await services.database.transaction((queries) => sumUsage(queries, usage))).toEqual([]);
  const entries = kysely.selectFrom('ledger_transactions').select('id').where('job_id', '=', job.id);
  expect(await entries.execute()).toEqual([]);
  const known = (names: readonly string[]) =>
    services.database.transaction((queries) => findKnownImages(queries, names));
  const onFailure = (_path: string, error: unknown) => expect.unreachable(String(error));
  const everything = { olderThan: new Date(Date.now() + MINUTE_MS), known, signal: patience(), onFailure };
  expect(await services.store.sweep(everything)).toBe(0);
  await expectSoundLedger(opened().database);
});

test('whoever follows a draft after its end still gets its picture', async () => {
  const job = await draft(await customer());
  await ended(job.id);
  expect((await follow(job.id)).map(({ kind }) => kind)).toContain('sample');
});

test('the picture that is kept is the one that the draft showed, and byte for byte that of its seed', async () => {
  const [who, other] = [await customer(), await customer()];
  const request = { seed: 11, steps: 6, embedParameters: false, format: 'png' } as const;
  const { preview } = (await follow((await draft(who, request)).id)).find((event) => event.kind === 'sample') ?? {};
  const made = async (by: Customer) => {
    const { job } = await services.submitJob(aSubmission(by, { request }));
    const [image] = (await ended(job.id)).images;
    return services.library.read(image?.name ?? '');
  };
  const kept = await made(who);
  expect(Buffer.compare(kept, await made(other))).toBe(0);
  const [small, shown] = [
    await decodeImage(await encodeThumbnail(kept, 64)),
    await decodeImage(preview ?? new Uint8Array()),
  ];
  const differences = small.data.map((value, index) => Math.abs(value - (shown.data[index] ?? 0)));
  expect(differences.reduce((sum, each) => sum + each, 0) / differences.length).toBeLessThan(8);
});

test('a draft is in no list, in no queue that anybody sees, and cannot be moved or deleted', async () => {
  const who = await customer();
  const job = await draft(who, waiting);
  const { accountId } = who;
  expect((await services.jobs.list({ accountId, limit: 10 })).jobs).toEqual([]);
  expect(await services.control.state()).toMatchObject({ queued: 0, running: 0 });
  await expect(moveJob(services.context, accountId, job.id, 'first')).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining('is a draft'),
  });
  await expect(services.forgetJob(accountId, job.id)).rejects.toMatchObject({ code: 'conflict' });
  expect(await cancelUnfinishedJobs(services.context, accountId)).toBe(0);
  expect((await services.cancelJob(accountId, job.id)).state).toBe('cancelled');
  expect((await services.jobs.list({ accountId, limit: 10 })).jobs).toEqual([]);
});

test('the follower of an account hears of its jobs, and of no draft', async () => {
  const who = await customer();
  const stop = new AbortController();
  const { events } = await services.feed.followAccount(who.accountId, null, stop.signal);
  const first = await draft(who);
  await ended(first.id);
  const { job } = await services.submitJob(aSubmission(who));
  for await (const { jobId, event } of events) {
    expect(jobId).toBe(job.id);
    if (event.kind === 'succeeded') break;
  }
  stop.abort();
});

test('of drafts that are sent at the same time one is left, and no other of its key is in the queue', async () => {
  const who = await customer();
  const before = await queueEntries(opened().database, waiting.model);
  services.drafted.length = 0;
  await Promise.all(Array.from({ length: 12 }, () => draft(who, waiting)));
  const states = await statesOf(who);
  expect(states.filter((state) => state === 'queued')).toHaveLength(1);
  expect(states.filter((state) => state === 'cancelled')).toHaveLength(11);
  expect(services.drafted).toEqual(Array.from({ length: 11 }, () => 'cancelled'));
  expect(await queueEntries(opened().database, waiting.model)).toBe(before + 1);
  const last = await draft(who, waiting);
  expect((await services.jobs.get(who.accountId, last.id)).job.state).toBe('queued');
  expect((await statesOf(who)).filter((state) => state === 'queued')).toHaveLength(1);
  await services.cancelJob(who.accountId, last.id);
});

test('a draft that runs stops for the next one', async () => {
  const who = await customer();
  const long = await draft(who, { steps: 100, width: 256, height: 256 });
  for await (const { event } of services.feed.follow(long.id, 0n, patience())) if (event.kind === 'started') break;
  const next = await draft(who);
  expect((await ended(next.id)).job.state).toBe('succeeded');
  const { job, images } = await ended(long.id);
  expect([job.state, images]).toEqual(['cancelled', []]);
  expect((await follow(long.id)).map(({ kind }) => kind)).not.toContain('sample');
});

test('drafts of another account, of another key and the jobs of the same key stay', async () => {
  const [who, other] = [await customer(), await customer()];
  const { keyService } = customerServices(opened().database);
  const own = { accountId: who.accountId, name: 'a second key', scopes: ['generate'], ...anyModel } as const;
  const second = { ...who, keyId: (await keyService.create(own)).record.id };
  const { job } = await services.submitJob(aSubmission(who, { request: waiting }));
  const others = [await draft(other, waiting), await draft(second, waiting)];
  await draft(who, waiting);
  const last = await draft(who, waiting);
  for (const { id } of [job, ...others, last]) {
    expect((await services.jobs.get(null, id)).job.state).toBe('queued');
    await services.cancelJob(null, id);
  }
});

test('jobs that are paid run before a draft that was sent before them, and are told of no job ahead', async () => {
  const [who, other] = [await customer(), await customer()];
  await services.queue.pause();
  const early = await draft(who);
  const paid: string[] = [];
  for (const by of [other, who, other]) paid.push((await services.submitJob(aSubmission(by))).job.id);
  const positions: unknown[] = [];
  for (const id of [...paid, early.id]) positions.push((await services.jobs.get(null, id)).outlook?.position);
  expect(positions.at(-1)).toBe(3);
  expect(positions.slice(0, 3).toSorted()).toEqual([0, 1, 2]);
  await services.queue.resume();
  const { startedAt } = (await ended(early.id)).job;
  for (const id of paid) {
    const { job } = await ended(id);
    expect(job.startedAt?.getTime()).toBeLessThanOrEqual(startedAt?.getTime() ?? 0);
  }
});

test('a draft neither takes a turn of its account nor moves those of others', async () => {
  const who = await customer();
  const turns = async () => {
    const { kysely } = opened().database;
    const account = kysely.selectFrom('accounts').select('virtual_finish').where('id', '=', who.accountId);
    const time = kysely.selectFrom('settings').select('value').where('name', '=', 'virtual_time');
    return [await account.execute(), await time.execute()];
  };
  const before = await turns();
  const waits = await draft(who, waiting);
  expect(await turns()).toEqual(before);
  const { job: first } = await services.submitJob(aSubmission(who, { request: waiting }));
  const { job: second } = await services.submitJob(aSubmission(who, { request: waiting, priority: 5 }));
  // It overtakes the first job, and not the draft.
  expect(second.virtualStart).toBe(first.virtualStart);
  expect((await services.jobs.get(null, waits.id)).job.virtualStart).toBe(waits.virtualStart);
  for (const { id } of [first, second, waits]) await services.cancelJob(who.accountId, id);
  const between = await turns();
  await ended((await draft(who)).id);
  expect(await turns()).toEqual(between);
});

test('a draft of a picture that could not be paid is refused, and so is one of a key whose budget is spent', async () => {
  const poor = await customer(4n);
  await expect(draft(poor)).rejects.toMatchObject({ code: 'insufficient_credits' });
  expect(await statesOf(poor)).toEqual([]);
  const terms = { monthlyBudget: 4n };
  const limited = await newCustomer(opened().database, { available: CREDITS, terms });
  await expect(draft(limited)).rejects.toMatchObject({ code: 'insufficient_credits' });
});

test.each([
  ['takes too long', { maxSeconds: 0.01 }, {}, /would take about .* s here, and a draft may take 0.01 s/],
  ['is switched off', { maxSeconds: 0 }, {}, /makes no drafts/],
  ['would have to be reviewed', { areReviewed: true }, {}, /reviews pictures/],
  ['is of a model that was never measured', {}, { model: 'unmeasured' }, /not known before its first picture/],
])('a draft that %s is refused with the reason', async (_, settings, request, message) => {
  const who = await customer();
  const refused = otherwise(settings, (submitter) => submitter.submit(aDraft(who, request)));
  await expect(refused).rejects.toMatchObject({ code: 'invalid_request', param: 'draft', message });
  expect(await statesOf(who)).toEqual([]);
});

test('an account has so many drafts made in a minute and no more, with whatever key, and others as many', async () => {
  const [who, other] = [await customer(), await customer()];
  await otherwise({ perMinute: 3 }, async (submitter) => {
    for (let count = 0; count < 3; count++) await submitter.submit(aDraft(who, waiting));
    await expect(submitter.submit(aDraft(who, waiting))).rejects.toMatchObject({
      code: 'rate_limited',
      message: 'this account is limited to 3 drafts per minute',
      retryAfterSeconds: expect.any(Number),
    });
    await submitter.submit(aDraft(other, waiting));
    // The refused one has replaced none.
    expect(await statesOf(who)).toEqual(['cancelled', 'cancelled', 'queued']);
    await sql`update easel.jobs set created_at = created_at - interval '1 minute' where account_id = ${who.accountId}`.execute(
      opened().database.kysely,
    );
    await submitter.submit(aDraft(who, waiting));
  });
  expect(await statesOf(who)).toEqual(['cancelled', 'cancelled', 'cancelled', 'queued']);
});

test('drafts take no place in the queue', async () => {
  const who = await customer();
  const small = await startJobServices({ ...opened(), folder: folder(), models, queueLength: 1, queuedPerAccount: 1 });
  const { job: first } = await small.submitJob(aDraft(who, waiting));
  const { job } = await small.submitJob(aSubmission(who, { request: waiting }));
  const { job: second } = await small.submitJob(aDraft(who, waiting));
  expect((await small.jobs.get(null, first.id)).job.state).toBe('cancelled');
  for (const { id } of [job, second]) await small.cancelJob(null, id);
  await small.stop();
});

/** As a worker has it that has taken it from the queue. */
const claim = (jobId: string, isLastAttempt = false) => ({
  jobId,
  isLastAttempt,
  signal: new AbortController().signal,
  handBack: () => Promise.reject(new Error('unasked')),
});

test('servers and workers of the release before, which end the hold of every job, end drafts too', async () => {
  const who = await customer();
  for (const end of [chargeHold, releaseHold]) {
    const { id } = await draft(who, waiting);
    expect(await services.database.transaction((queries) => end(queries, id, new Date()))).toBe(true);
    await expectSoundLedger(opened().database);
    expect((await services.cancelJob(null, id)).state).toBe('cancelled');
  }
  expect(await balanceOf(who)).toEqual({ available: CREDITS, held: 0n });
});

test('a draft has no turn that servers of the release before could give to a job of its account', async () => {
  const who = await customer();
  const first = await services.submitJob(aSubmission(who, { request: waiting }));
  const waits = await draft(who, waiting);
  // They look for queued jobs of a lower priority, and exchange start tags with them.
  expect(waits.priority).toBe(limits.priority.max);
  const next = await services.submitJob(aSubmission(who, { request: waiting }));
  expect([waits.virtualStart, next.job.virtualStart]).toEqual([
    first.job.virtualStart + 1n,
    first.job.virtualStart + 1n,
  ]);
  for (const { id } of [first.job, waits, next.job]) await services.cancelJob(who.accountId, id);
});

test('no worker is to load a model because a draft waits', async () => {
  const who = await customer();
  const wanted = () => services.database.transaction(modelsWithQueuedJobs);
  const waits = await draft(who, waiting);
  expect([...(await wanted())]).not.toContain(waiting.model);
  const { job } = await services.submitJob(aSubmission(who, { request: waiting }));
  expect([...(await wanted())]).toContain(waiting.model);
  for (const { id } of [waits, job]) await services.cancelJob(null, id);
});

test('a draft whose picture cannot be made small, or published, has not succeeded: it is tried again', async () => {
  const job = await draft(await customer(), waiting);
  const real = painter();
  const failing = withPaint((request, options) => {
    const onSample = ({ sample }: PaintedSample) =>
      options.onSample?.({ sample, preview: () => Promise.reject(new Error('no small picture')) });
    return real.paint(request, { ...options, onSample });
  });
  await expect(services.worker(failing).run(claim(job.id))).rejects.toThrow('no small picture');
  expect((await services.jobs.get(null, job.id)).job.state).toBe('queued');
  expect(await services.worker(real).run(claim(job.id))).toBe('done');
  expect((await follow(job.id)).map(({ kind }) => kind)).toContain('sample');
});

test('a draft that takes several times as long as one may is stopped and fails with the reason', async () => {
  const job = await draft(await customer(), waiting);
  const strict = await startJobServices({ ...opened(), folder: folder(), models, drafts: { maxSeconds: 0.01 } });
  const endless = withPaint((_request, { signal }) => unlessAborted(new Promise<never>(() => {}), signal));
  expect(await strict.worker(endless).run(claim(job.id))).toBe('done');
  expect((await services.jobs.get(null, job.id)).job).toMatchObject({
    state: 'failed',
    failure: { code: 'overloaded', message: expect.stringContaining('the draft was stopped after 0.05 s') },
  });
  const { job: paid } = await services.submitJob(aSubmission(await customer(), { request: waiting }));
  const patient = withPaint(async (request, options) => {
    await sleep(200, undefined, { signal: options.signal });
    return painter().paint(request, options);
  });
  expect(await strict.worker(patient).run(claim(paid.id))).toBe('done');
  expect((await services.jobs.get(null, paid.id)).job.state).toBe('succeeded');
  await strict.stop();
});

test('a worker with a review of its own shows no draft, whatever the server let in', async () => {
  const job = await draft(await customer(), waiting);
  const hook = { review: async () => ({ accept: true }) };
  await services.worker(painter(), hook).run(claim(job.id));
  const { job: failed } = await ended(job.id);
  expect(failed.failure).toMatchObject({ code: 'content_rejected', message: /drafts are not reviewed/ });
});

test('the record of a draft goes with its picture minutes after its end, and one that nobody waits for is cancelled', async () => {
  const who = await customer();
  const done = await draft(who);
  await ended(done.id);
  const stale = await draft(who, waiting);
  let ahead = 0;
  const clock = { now: () => new Date(Date.now() + ahead) };
  const drafts = { maxSeconds: 3 };
  const later = await startJobServices({ ...opened(), folder: folder(), models, clock, drafts });
  const sweepIn = async (ms: number) => {
    ahead = ms;
    const times = { sweptAt: clock.now(), heldUntil: clock.now() };
    await services.database.transaction((queries) => saveSweepTimes(queries, times));
    await later.janitor.sweep(patience());
  };
  await sweepIn(MINUTE_MS);
  expect((await services.jobs.get(null, done.id)).job.state).toBe('succeeded');
  expect((await services.jobs.get(null, stale.id)).job.state).toBe('queued');
  await sweepIn(3 * MINUTE_MS);
  await expect(services.jobs.get(null, done.id)).rejects.toMatchObject({ code: 'not_found' });
  expect((await services.jobs.get(null, stale.id)).job.state).toBe('cancelled');
  const { kysely } = opened().database;
  const events = kysely.selectFrom('job_events').select('id').where('job_id', '=', done.id);
  expect(await events.execute()).toEqual([]);
  await sweepIn(6 * MINUTE_MS);
  await expect(services.jobs.get(null, stale.id)).rejects.toMatchObject({ code: 'not_found' });
  // One that a worker has, of the release before or without the database, and has not stopped.
  const stuck = await draft(who, waiting);
  const started = { jobId: stuck.id, workerId: newId(), now: new Date() };
  await services.database.transaction((queries) => markStarted(queries, started));
  await sweepIn(MINUTE_MS);
  expect((await services.jobs.get(null, stuck.id)).job.state).toBe('running');
  await sweepIn(3 * MINUTE_MS);
  expect((await services.jobs.get(null, stuck.id)).job.state).toBe('cancelled');
  await later.stop();
});
