import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
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

beforeAll(async () => {
  services = await startJobServices({ ...opened(), folder: folder() });
});

afterAll(() => services.stop());

const patience = () => AbortSignal.timeout(300_000);

function startWorker(): ChildProcess {
  const child = fork(new URL('./worker-process.ts', import.meta.url), { stdio: 'inherit' });
  child.send({ address: opened().address, folder: folder() });
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

async function submitLong() {
  const customer = await newCustomer(opened().database, { available: 1_000_000n });
  // Long enough to be caught in the act.
  const { job } = await services.submitJob(aSubmission(customer, { request: { steps: 100, samples: 4 } }));
  return { ...customer, job };
}

async function untilFirstStep(jobId: string): Promise<void> {
  for await (const { event } of services.feed.follow(jobId, 0n, patience())) if (event.kind === 'step') return;
  throw new Error('the job ended before it was seen to run');
}

test('a job whose worker is killed is run again by another one, and is charged once', async () => {
  const { job, accountId } = await submitLong();
  const child = startWorker();
  await untilFirstStep(job.id);
  await kill(child);
  const { credits } = customerServices(opened().database);
  expect(await credits.balance(accountId)).toEqual({ available: 1_000_000n - job.price, held: job.price });

  const { run } = services.worker(painter());
  await services.queue.work({ model: 'demo', onJob: (claimed) => run(claimed) });
  const { job: done, images } = await services.feed.end(job.id, patience());
  expect(done).toMatchObject({ state: 'succeeded', attempt: 2 });
  expect(images).toHaveLength(4);
  expect(await credits.balance(accountId)).toEqual({ available: 1_000_000n - job.price, held: 0n });
  await expectSoundLedger(opened().database);
});
