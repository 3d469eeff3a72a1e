import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { newId } from '../../src/ids.ts';
import { AwaitedJobs, type AwaitedJobsOptions, saveHeartbeat } from '../../src/jobs/awaited-jobs.ts';
import { markStarted } from '../../src/jobs/jobs-table.ts';
import { expectSoundLedger } from '../ledger/ledger-invariants.ts';
import { customerServices, newCustomer } from '../support/customers.ts';
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

const CREDITS = 1_000_000n;
const customer = () => newCustomer(opened().database, { available: CREDITS });
const stateOf = async (jobId: string) => (await services.jobs.get(null, jobId)).job.state;
const balanceOf = (accountId: string) => customerServices(opened().database).credits.balance(accountId);

async function submit(who: { readonly accountId: string; readonly keyId: string }, waiter: string | null) {
  return (await services.submitJob(aSubmission(who, { waiter }))).job;
}

/** A server as far as others know of it. It dies without a word unless it is stopped. */
async function server(folderId: string, clock: Pick<AwaitedJobsOptions, 'uptimeMs'> = {}) {
  const serverId = newId();
  const errors: unknown[] = [];
  const awaited = new AwaitedJobs(services.context, {
    ...clock,
    server: { id: serverId, folderId },
    report: (error) => errors.push(error),
  });
  await awaited.start();
  let stopped: Promise<void> | undefined;
  const stop = () => (stopped ??= awaited.stop());
  onTestFinished(async () => {
    await stop();
    expect(errors).toEqual([]);
  });
  return { serverId, stop };
}

/** A run of the server that was killed: nobody beats for it any more. */
async function deadServer(folderId: string, seenSecondsAgo = 0): Promise<string> {
  const id = newId();
  await services.database.transaction((transaction) => saveHeartbeat(transaction, { id, folderId }));
  const seen_at = new Date(Date.now() - 1000 * seenSecondsAgo);
  await services.database.kysely.updateTable('servers').set({ seen_at }).where('id', '=', id).execute();
  return id;
}

test('a server that starts cancels, at once, what the clients of its killed predecessor waited for, and refunds it', async () => {
  const [place, elsewhere] = [newId(), newId()];
  const [before, other] = [await deadServer(place), await deadServer(elsewhere)];
  const who = await customer();
  const [awaited, running, forLater, ofOther] = [
    await submit(who, before),
    await submit(who, before),
    await submit(who, null),
    await submit(who, other),
  ];
  await services.database.transaction((transaction) =>
    markStarted(transaction, { jobId: running.id, workerId: newId(), now: new Date() }),
  );
  const { serverId } = await server(place);
  expect(await Promise.all([awaited, running, forLater, ofOther].map(({ id }) => stateOf(id)))).toEqual([
    'cancelled',
    'cancelled',
    'queued',
    'queued',
  ]);
  const held = forLater.price + ofOther.price;
  expect(await balanceOf(who.accountId)).toEqual({ available: CREDITS - held, held });
  await expectSoundLedger(opened().database);
  const own = await submit(who, serverId);
  expect(await stateOf(own.id)).toBe('queued');
});

test("a server that has lived for a while judges others: the silent one's jobs are cancelled, and the living one's are not", async () => {
  const silent = await deadServer(newId(), 3600);
  const who = await customer();
  const living = await server(newId());
  const [ofSilent, ofLiving] = [await submit(who, silent), await submit(who, living.serverId)];
  await server(newId());
  // A server that has just come may have missed what the others said while the database was away.
  expect(await stateOf(ofSilent.id)).toBe('queued');
  await expect.poll(() => stateOf(ofSilent.id), { timeout: 110_000 }).toBe('cancelled');
  expect(await stateOf(ofLiving.id)).toBe('queued');
});

test('what a server leaves undone when it stops is cancelled by the next one', async () => {
  const leaving = await server(newId());
  const job = await submit(await customer(), leaving.serverId);
  await leaving.stop();
  await server(newId());
  expect(await stateOf(job.id)).toBe('cancelled');
});

test("when the database's clock jumps everybody seems to be silent, and nobody is judged before he had time to speak", async () => {
  let jumpMs = 0;
  let beats = 0;
  await server(newId(), {
    uptimeMs() {
      beats += 1;
      return performance.now() - jumpMs;
    },
  });
  await expect.poll(() => beats).toBeGreaterThan(9); // by now it judges
  jumpMs = 3_600_000;
  const before = beats;
  const ofSilent = await submit(await customer(), await deadServer(newId(), 3600));
  await expect.poll(() => stateOf(ofSilent.id)).toBe('cancelled');
  expect(beats - before).toBeGreaterThanOrEqual(8);
});
