import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CollectionService } from '../../src/collections/collections.ts';
import { newId } from '../../src/ids.ts';
import { AccountService } from '../../src/keys/accounts.ts';
import { StyleService } from '../../src/styles/styles.ts';
import { saveSweepTimes } from '../../src/workers/deletion-hold.ts';
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
  const { run } = services.worker(painter());
  await services.queue.work({ model: 'demo', onJob: (job) => run(job) });
});

afterAll(async () => {
  await services.stop();
  await later.stop();
});

/** What a sweep does at that time when the sweeps went on until then. */
async function sweepIn(ms: number) {
  ahead = ms;
  await sweptAt(clock.now());
  return later.janitor.sweep(signal());
}

function sweptAt(time: Date): Promise<void> {
  return services.database.transaction((transaction) =>
    saveSweepTimes(transaction, { sweptAt: time, heldUntil: time }),
  );
}

async function makePicture(key: string) {
  const customer = await newCustomer(opened().database, { available: 1000n });
  const idempotency = { key, bodyHash: Buffer.alloc(32) };
  const { job } = await services.submitJob(aSubmission(customer, { idempotency }));
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
  await sweepIn(0);
  expect(await count()).toEqual({ events: expect.any(Number), keys: 1 });
  expect((await count()).events).toBeGreaterThan(0);

  await sweepIn(DAY_MS + 1000);
  expect(await count()).toEqual({ events: 0, keys: 0 });
  expect(await services.library.read(image)).toBeInstanceOf(Uint8Array);

  expect(await sweepIn(8 * DAY_MS)).toMatchObject({ images: 1, jobs: 0 });
  expect(await services.store.read(image, 'jpeg')).toBeNull();
  expect((await services.jobs.get(accountId, job.id)).images).toEqual([]);

  expect(await sweepIn(31 * DAY_MS)).toMatchObject({ jobs: 1 });
  await expect(services.jobs.get(accountId, job.id)).rejects.toMatchObject({ code: 'not_found' });
});

test('what an account has saved goes a month after it was closed, once its last picture is gone, and that of open ones stays', async () => {
  const { kysely } = opened().database;
  const collections = new CollectionService({ database: opened().database, clock });
  const styles = new StyleService({ database: opened().database });
  const accounts = new AccountService({ database: opened().database, clock });
  const [closed, open] = [await makePicture('closed'), await makePicture('open')];
  for (const { accountId } of [closed, open]) {
    await collections.create(accountId, 'best');
    await styles.save(accountId, { name: 'mine', prompt: '{prompt}, ink' });
  }
  const savedBy = async ({ accountId }: typeof open) => {
    const own = await kysely.selectFrom('styles').select('name').where('account_id', '=', accountId).execute();
    return (await collections.list(accountId)).length + own.length;
  };
  ahead = 0;
  await accounts.close(closed.accountId);
  for (const days of [0, 8, 29]) expect(await sweepIn(days * DAY_MS), `after ${days} days`).toMatchObject({ saved: 0 });
  expect((await services.jobs.get(closed.accountId, closed.job.id)).images).toEqual([]);
  expect([await savedBy(closed), await savedBy(open)]).toEqual([2, 2]);
  expect(await sweepIn(31 * DAY_MS)).toMatchObject({ saved: 2 });
  expect([await savedBy(closed), await savedBy(open)]).toEqual([0, 2]);
});

test('a picture whose record was never written is removed', async () => {
  const name = newId().replaceAll('-', '');
  await services.store.put(name, 'png', new Uint8Array([1]));
  expect(await sweepIn(0)).toMatchObject({ orphans: 0 });
  expect(await sweepIn(2 * 60 * 60 * 1000)).toMatchObject({ orphans: 1 });
  expect(await services.store.read(name, 'png')).toBeNull();
});

test('the picture and the mask of a job that waits are kept, however long it waits', async () => {
  const customer = await newCustomer(opened().database, { available: 1000n });
  await services.queue.pause();
  const [image, mask] = [newId().replaceAll('-', ''), newId().replaceAll('-', '')];
  for (const name of [image, mask]) await services.store.put(name, 'png', new Uint8Array([1]));
  const { job } = await services.submitJob(aSubmission(customer, { request: { image, mask } }));
  expect(await sweepIn(2 * 60 * 60 * 1000)).toMatchObject({ orphans: 0 });
  await services.cancelJob(null, job.id);
  await services.queue.resume();
});

test('a job that the queue has lost fails and is refunded', async () => {
  const customer = await newCustomer(opened().database, { available: 1000n });
  await services.queue.pause();
  const { job } = await services.submitJob(aSubmission(customer));
  await services.database.transaction((transaction) => services.queue.cancel(transaction, 'demo', job.id));
  expect(await sweepIn(0)).toMatchObject({ forgottenJobs: 0 });
  expect(await sweepIn(60 * 60 * 1000)).toMatchObject({ forgottenJobs: 1 });
  expect((await services.jobs.get(null, job.id)).job).toMatchObject({ state: 'failed' });
  const balance = await customerServices(opened().database).credits.balance(customer.accountId);
  expect(balance).toEqual({ available: 1000n, held: 0n });
  await services.queue.resume();
});

test('when the clock jumps by 40 days nothing is deleted or refilled and no job ends, and the operator is told, once', async () => {
  const { job, image } = await makePicture('jump');
  const customer = await newCustomer(opened().database, { available: 1000n });
  const refill = { amount: 5n, day: 1, mode: 'add' } as const;
  await customerServices(opened().database).accountService.change(customer.accountId, { refill });
  await services.queue.pause();
  const { job: waiting } = await services.submitJob(aSubmission(customer));
  await services.store.put(newId().replaceAll('-', ''), 'png', new Uint8Array([1]));
  await sweptAt(new Date());
  const janitor = later.newJanitor();
  ahead = 0;
  await janitor.sweep(signal());
  later.reports.length = 0;
  for (ahead = 40 * DAY_MS; ahead < 41 * DAY_MS; ahead += 9 * 60_000) {
    expect(Object.values(await janitor.sweep(signal())).every((count) => count === 0)).toBe(true);
  }
  expect(later.reports).toEqual([
    expect.stringMatching(/^warn: the system's clock jumped, or this machine slept; nothing is deleted until 20/),
  ]);
  expect(await services.library.read(image)).toBeInstanceOf(Uint8Array);
  expect((await services.jobs.get(null, waiting.id)).job.state).toBe('queued');

  // Put right.
  ahead = 9 * 60_000;
  expect(await janitor.sweep(signal())).toMatchObject({ images: 0, jobs: 0, forgottenJobs: 0 });
  expect((await services.jobs.get(null, job.id)).images).toHaveLength(1);
  await services.cancelJob(null, waiting.id);
  await services.queue.resume();
});

test('after a time without a server deletion waits for as long, and it is no warning', async () => {
  await sweptAt(new Date(Date.now() - 2 * 60 * 60 * 1000));
  const { image } = await makePicture('night');
  const janitor = services.newJanitor();
  services.reports.length = 0;
  expect(await janitor.sweep(signal())).toMatchObject({ images: 0, idempotencyKeys: 0 });
  await janitor.sweep(signal());
  expect(services.reports).toEqual([
    expect.stringMatching(/^info: no server ran for a while; nothing is deleted until/),
  ]);
  expect(await services.library.read(image)).toBeInstanceOf(Uint8Array);
});

test('a job that waited for a month fails and is refunded, and the queue itself forgets none for a jump of years', async () => {
  const customer = await newCustomer(opened().database, { available: 1000n });
  await services.queue.pause();
  const { job } = await services.submitJob(aSubmission(customer));
  const { rows } = await sql<{ years: number }>`
    select extract(year from keep_until)::int - extract(year from now())::int as years from pgboss.job where id = ${job.id}
  `.execute(opened().database.kysely);
  expect(rows[0]?.years).toBeGreaterThan(5);
  expect(await sweepIn(29 * DAY_MS)).toMatchObject({ forgottenJobs: 0 });
  expect(await sweepIn(31 * DAY_MS)).toMatchObject({ forgottenJobs: 1 });
  expect((await services.jobs.get(null, job.id)).job).toMatchObject({ state: 'failed' });
  const balance = await customerServices(opened().database).credits.balance(customer.accountId);
  expect(balance).toEqual({ available: 1000n, held: 0n });
  await services.queue.resume();
});

test('a file that cannot be removed keeps nothing else from its end, is told once, and goes when it can', async () => {
  const folderOf = (name: string) => join(folder(), name.slice(0, 2));
  const stuck = await makePicture('stuck');
  let other = await makePicture('other');
  while (folderOf(other.image) === folderOf(stuck.image)) other = await makePicture(newId());
  // A file in the place of its folder, as a permission or a broken disk would keep it from being removed for others than root.
  await rm(folderOf(stuck.image), { recursive: true });
  await writeFile(folderOf(stuck.image), '');
  later.reports.length = 0;
  const swept = await sweepIn(8 * DAY_MS);
  expect(swept.images).toBeGreaterThanOrEqual(2);
  expect(swept.idempotencyKeys).toBeGreaterThanOrEqual(2);
  expect(await services.store.read(other.image, 'jpeg')).toBeNull();
  await sweepIn(8 * DAY_MS);
  expect(later.reports.filter((line) => line.includes('cannot be deleted'))).toHaveLength(1);
  await rm(folderOf(stuck.image));
  const file = join(folderOf(stuck.image), stuck.image.slice(2, 4), `${stuck.image}.jpg`);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, '');
  expect(await sweepIn(8 * DAY_MS)).toMatchObject({ orphans: 1 });
});
