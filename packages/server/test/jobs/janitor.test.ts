import { afterAll, beforeAll, expect, test } from 'vitest';
import { newId } from '../../src/domain/ids.ts';
import { customerServices, newCustomer } from '../support/customers.ts';
import { useDatabase } from '../support/database.ts';
import { aSubmission } from '../support/job-requests.ts';
import { type JobServices, startJobServices } from '../support/job-services.ts';
import { usePainter } from '../support/painter.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

const opened = useDatabase();
const folder = useTemporaryFolder();
const painter = usePainter();
const signal = () => AbortSignal.timeout(300_000);

/** Of the janitor only: the jobs themselves are made now. */
let ahead = 0;
const clock = { now: () => new Date(Date.now() + ahead) };
let services: JobServices;
let later: JobServices;

beforeAll(async () => {
  services = await startJobServices({ ...opened(), folder: folder() });
  later = await startJobServices({ ...opened(), folder: folder(), clock });
  const { runJob } = services.worker(painter());
  await services.queue.work({ model: 'demo', onJob: (job) => runJob.run(job) });
});

afterAll(async () => {
  await services.stop();
  await later.stop();
});

async function makePicture(key: string) {
  const customer = await newCustomer(opened().database, { available: 1000n });
  const idempotency = { key, bodyHash: Buffer.alloc(32) };
  const { job } = await services.submitJob.submit(aSubmission(customer, { idempotency }));
  const { images } = await services.feed.end(job.id, signal());
  return { ...customer, job, image: images[0]?.name ?? '' };
}

test('what has had its time goes: events after an hour, keys after a day, pictures, then records', async () => {
  const { job, accountId, image } = await makePicture('first');
  const count = async () => {
    const { kysely } = opened().database;
    const events = await kysely.selectFrom('job_events').select('id').where('job_id', '=', job.id).execute();
    const keys = await kysely.selectFrom('idempotency').select('key').where('job_id', '=', job.id).execute();
    return { events: events.length, keys: keys.length };
  };
  ahead = 0;
  await later.janitor.sweep(signal());
  expect(await count()).toEqual({ events: expect.any(Number), keys: 1 });
  expect((await count()).events).toBeGreaterThan(0);

  ahead = DAY_MS + 1000;
  await later.janitor.sweep(signal());
  expect(await count()).toEqual({ events: 0, keys: 0 });
  expect(await services.library.read(image)).toBeInstanceOf(Uint8Array);

  ahead = 8 * DAY_MS;
  expect(await later.janitor.sweep(signal())).toMatchObject({ images: 1, jobs: 0 });
  expect(await services.store.read(image, 'jpeg')).toBeNull();
  expect((await services.queries.get(accountId, job.id)).images).toEqual([]);

  ahead = 31 * DAY_MS;
  expect(await later.janitor.sweep(signal())).toMatchObject({ jobs: 1 });
  await expect(services.queries.get(accountId, job.id)).rejects.toMatchObject({ code: 'not_found' });
});

test('a picture whose record was never written is removed', async () => {
  const name = newId().replaceAll('-', '');
  await services.store.put(name, 'png', new Uint8Array([1]));
  ahead = 0;
  expect(await later.janitor.sweep(signal())).toMatchObject({ orphans: 0 });
  ahead = 2 * 60 * 60 * 1000;
  expect(await later.janitor.sweep(signal())).toMatchObject({ orphans: 1 });
  expect(await services.store.read(name, 'png')).toBeNull();
});

test('a job that the queue has lost fails and is refunded', async () => {
  const customer = await newCustomer(opened().database, { available: 1000n });
  await services.queue.pause();
  const { job } = await services.submitJob.submit(aSubmission(customer));
  await services.database.transaction((transaction) => services.queue.cancel(transaction, 'demo', job.id));
  ahead = 0;
  expect(await later.janitor.sweep(signal())).toMatchObject({ forgottenJobs: 0 });
  ahead = 60 * 60 * 1000;
  expect(await later.janitor.sweep(signal())).toMatchObject({ forgottenJobs: 1 });
  expect((await services.queries.get(null, job.id)).job).toMatchObject({ state: 'failed' });
  const balance = await customerServices(opened().database).credits.balance(customer.accountId);
  expect(balance).toEqual({ available: 1000n, held: 0n });
  await services.queue.resume();
});
