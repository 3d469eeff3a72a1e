import fc from 'fast-check';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { databaseLost } from '../../src/database/away.ts';
import type { Database } from '../../src/database/database.ts';
import { newImageName } from '../../src/ids.ts';
import { attemptsUsedUp, cancelJob, failJob, succeedJob } from '../../src/jobs/ends-of-jobs.ts';
import type { JobContext } from '../../src/jobs/job.ts';
import { eventsAfter } from '../../src/jobs/job-events.ts';
import { findJob, markStarted } from '../../src/jobs/jobs-table.ts';
import { type ImageRecord, listImagesOfJobs } from '../../src/pictures/images.ts';
import { runToFate } from '../ledger/crashing-transaction.ts';
import { type Fate, fate } from '../ledger/interleaving.ts';
import { expectSoundLedger } from '../ledger/ledger-invariants.ts';
import { customerServices, newCustomer } from '../support/customers.ts';
import { useDatabase } from '../support/database.ts';
import { aSubmission } from '../support/job-requests.ts';
import { type JobServices, startJobServices } from '../support/job-services.ts';
import { queueEntries } from '../support/queue-entries.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';

const opened = useDatabase();
const folder = useTemporaryFolder();
let services: JobServices;

beforeAll(async () => {
  services = await startJobServices({ ...opened(), folder: folder() });
});

afterAll(() => services.stop());

const CREDITS = 1000n;
const kinds = ['succeeded', 'failed', 'cancelled'] as const;
type Kind = (typeof kinds)[number];

/** A job in its first attempt, as a worker has it that has made the pictures. */
async function runningJob() {
  const customer = await newCustomer(opened().database, { available: CREDITS });
  const webhook = { url: 'https://example.org/hook', baseUrl: 'https://easel.example' };
  const startImage = { image: Buffer.from('start'), mask: null };
  const { job } = await services.submitJob(aSubmission(customer, { startImage, webhook }));
  const started = await services.database.transaction((queries) =>
    markStarted(queries, { jobId: job.id, workerId: job.id, now: new Date() }),
  );
  if (started === null) throw new Error('the job could not be started');
  return started;
}

type RunningJob = Awaited<ReturnType<typeof runningJob>>;

function imageOf(job: RunningJob): ImageRecord {
  const { width, height, format } = job.request;
  const [createdAt, sha256] = [new Date(), Buffer.alloc(32)];
  return {
    name: newImageName(),
    jobId: job.id,
    index: 0,
    format,
    width,
    height,
    bytes: 1,
    sha256,
    seed: 1,
    createdAt,
    expiresAt: null,
  };
}

const endings: Record<Kind, (context: JobContext, job: RunningJob) => Promise<unknown>> = {
  succeeded: (context, job) =>
    succeedJob(context, job, {
      model: 'easel-demo',
      device: { name: 'cpu', arithmetic: 'float32' },
      images: [imageOf(job)],
    }),
  failed: (context, { id: jobId, attempt }) => failJob(context, { jobId, attempt }, attemptsUsedUp),
  cancelled: (context, { id, accountId }) => cancelJob(context, accountId, id),
};

/** Everything that depends on the end of a job, as the database has it. */
async function traces({ id, accountId }: RunningJob) {
  const read = await services.database.transaction(async (queries) => ({
    state: (await findJob(queries, id))?.state,
    images: (await listImagesOfJobs(queries, [id])).length,
    ends: (await eventsAfter(queries, new Map([[id, 0n]]))).map(({ event }) => event.kind),
  }));
  const { available, held } = await customerServices(opened().database).credits.balance(accountId);
  const told = await opened()
    .database.kysely.selectFrom('webhook_deliveries')
    .select('event')
    .where('job_id', '=', id)
    .execute();
  const { rows } = await sql<{ state: string }>`select state from pgboss.job where id = ${id}`.execute(
    opened().database.kysely,
  );
  return { ...read, webhooks: told.map(({ event }) => event), available, held, isQueued: rows[0]?.state === 'created' };
}

function tracesOf(kind: Kind | null, { price }: RunningJob) {
  if (kind === null) {
    return {
      state: 'running',
      images: 0,
      ends: [],
      webhooks: [],
      available: CREDITS - price,
      held: price,
      isQueued: true,
    };
  }
  const isSuccess = kind === 'succeeded';
  return {
    state: kind,
    images: isSuccess ? 1 : 0,
    ends: [kind],
    webhooks: [`job.${kind}`],
    available: isSuccess ? CREDITS - price : CREDITS,
    held: 0n,
    // A real worker takes it out of the queue when it is done; a cancellation does at once.
    isQueued: kind !== 'cancelled',
  };
}

/** What was told about a job after the commit. */
function told({ id }: RunningJob) {
  return services.lines.filter((line) => line.jobId === id && line.message !== 'job queued').length;
}

const startPictureOf = ({ request }: RunningJob) => services.store.read(request.image ?? '', 'start');

test.each(kinds)('a job that has %s has told each of those that depend on its end, once', async (kind) => {
  const job = await runningJob();
  const counted = services.counted.length;
  await endings[kind](services.context, job);
  // Ending it again changes nothing and tells nobody.
  for (const again of kinds) await endings[again](services.context, job);
  expect(await traces(job)).toEqual(tracesOf(kind, job));
  expect(services.counted.slice(counted).map(({ state }) => state)).toEqual([kind]);
  expect(told(job)).toBe(1);
  expect(await startPictureOf(job)).toBeNull();
  await expectSoundLedger(opened().database);
});

/** The tables that the end of a job writes to, each by one of the things that depend on it. */
const tables = [
  ['easel.jobs', 'id', kinds],
  ['easel.holds', 'job_id', kinds],
  ['easel.ledger_transactions', 'job_id', kinds],
  ['easel.job_images', 'job_id', ['succeeded']],
  ['pgboss.job', 'id', ['cancelled']],
  ['easel.webhook_deliveries', 'job_id', kinds],
  ['easel.job_events', 'job_id', kinds],
] as const;

test.each(tables.flatMap(([table, column, of]) => of.map((kind) => [table, kind, column] as const)))(
  'when %s cannot be written, a job that would have %s goes on as it was, and can be ended afterwards',
  async (table, kind, column) => {
    const job = await runningJob();
    const { kysely } = opened().database;
    const counted = services.counted.length;
    await sql`
      create function public.refuse() returns trigger language plpgsql as $$ begin raise exception 'refused'; end $$
    `.execute(kysely);
    await sql`
      create trigger refusal before insert or update on ${sql.table(table)}
      for each row when (new.${sql.ref(column)} = ${sql.lit(job.id)}) execute function public.refuse()
    `.execute(kysely);
    await expect(endings[kind](services.context, job)).rejects.toThrow('refused');
    await sql`drop function public.refuse() cascade`.execute(kysely);
    expect(await traces(job)).toEqual(tracesOf(null, job));
    expect(services.counted.length).toBe(counted);
    expect(told(job)).toBe(0);
    expect(await startPictureOf(job)).not.toBeNull();
    await endings[kind](services.context, job);
    expect(await traces(job)).toEqual(tracesOf(kind, job));
    await expectSoundLedger(opened().database);
  },
);

/** A context whose next transaction meets its fate. */
function contextOf(database: Database, fate: Fate): JobContext {
  const transaction: Database['transaction'] = async (work) => {
    const outcome = await runToFate({ database, safe: opened().database }, fate, work);
    if (outcome.kind === 'crashed') throw databaseLost(outcome.error);
    return outcome.result;
  };
  return { ...services.context, database: { transaction } };
}

test('of several ends at once, some of which crash at any moment, at most one happens, and it happens whole', async () => {
  const endAndFate = fc.record({ kind: fc.constantFrom(...kinds), fate });
  const database = opened().open();
  await fc.assert(
    fc.asyncProperty(fc.array(endAndFate, { minLength: 2, maxLength: 4 }), async (ends) => {
      const job = await runningJob();
      const counted = services.counted.length;
      const outcomes = await Promise.allSettled(
        ends.map(({ kind, fate: own }) => endings[kind](contextOf(database, own), job)),
      );
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'database_lost' });
      }
      const { state } = await traces(job);
      const kind = kinds.find((each) => each === state) ?? null;
      expect(await traces(job)).toEqual(tracesOf(kind, job));
      // Who crashed may have ended it without being able to tell.
      const states = services.counted.slice(counted).map((ended) => ended.state);
      expect(states.length).toBeLessThanOrEqual(kind === null ? 0 : 1);
      if (states.length === 1) expect(states).toEqual([kind]);
      if (outcomes.every(({ status }) => status === 'fulfilled')) expect(states).toHaveLength(1);
    }),
    { numRuns: 25 },
  );
  await expectSoundLedger(opened().database);
});

test('a cancelled job leaves the queue with the same transaction', async () => {
  const customer = await newCustomer(opened().database, { available: CREDITS });
  const before = await queueEntries(opened().database, 'demo');
  const { job } = await services.submitJob(aSubmission(customer));
  expect(await queueEntries(opened().database, 'demo')).toBe(before + 1);
  await services.cancelJob(customer.accountId, job.id);
  expect(await queueEntries(opened().database, 'demo')).toBe(before);
});
