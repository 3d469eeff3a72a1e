import { setTimeout as sleep } from 'node:timers/promises';
import { EaselClient, verifyWebhook } from '@easel/client';
import { expect, test } from 'vitest';
import { expectSoundLedger } from '../../packages/server/test/ledger/ledger-invariants.ts';
import { startReceiver } from '../../packages/server/test/webhooks/receiver.ts';
import { reasonWithoutObjectStore } from '../support/object-store.ts';
import type { Cluster } from './cluster.ts';
import { type Aftermath, storm } from './storm.ts';

/** `npm run test:cluster`: the long form. CLUSTER_JOBS and CLUSTER_SEED choose another one. */
const jobs = Number(process.env.CLUSTER_JOBS ?? 0);
const seed = Number(process.env.CLUSTER_SEED ?? Date.now() % 2 ** 31);
const reason = await reasonWithoutObjectStore();

const short = { servers: 2, workers: 2, jobs: 20, faults: 5, longestFaultMs: 2500 };
const long = { servers: 2, workers: 4, jobs, faults: null, longestFaultMs: 15_000 };

test.skipIf(reason !== undefined)(
  `while machines, database, object store and networks fail no job, credit, picture or webhook is lost${reason === undefined ? '' : ` (skipped: ${reason})`}`,
  async () => {
    const lines: string[] = [];
    const report = (line: string) => {
      lines.push(line);
      if (jobs > 0) process.stdout.write(`${new Date().toISOString()} ${line}\n`);
    };
    report(`seed ${seed}`);
    const webhooks = await listenToWebhooks();
    const { prepare } = webhooks;
    const soundLedger = ({ database }: Aftermath) => expectSoundLedger(database);
    const alsoCheck = [webhooks.check, waitsForTheStore, soundLedger];
    const ends = await storm({ ...(jobs > 0 ? long : short), seed, report, prepare, alsoCheck }).catch(
      (error: unknown) => {
        throw new Error(`seed ${seed}, after:\n${lines.join('\n')}`, { cause: error });
      },
    );
    report(JSON.stringify(ends));
    expect(ends.succeeded).toBeGreaterThan(0);
  },
  jobs > 0 ? 7_200_000 : 1_200_000,
);

/** A customer that is told of every end of a job, at least once, in a request that is signed. */
async function listenToWebhooks() {
  const receiver = await startReceiver();
  let secret = '';
  return {
    async prepare({ servers, keys }: Cluster): Promise<void> {
      const client = new EaselClient({ baseUrl: servers[0]?.url() ?? '', apiKey: keys.devKey });
      ({ secret } = await client.webhooks.create({ url: receiver.url }));
    },
    async check({ jobs: ended }: Aftermath): Promise<void> {
      const told = async () => {
        const payloads = receiver.received.map(({ headers, body }) => {
          const now = new Date(1000 * Number(headers['webhook-timestamp']));
          return verifyWebhook(headers, body, secret, { now });
        });
        return new Set((await Promise.all(payloads)).map(({ type, data }) => `${data.job?.id} ${type}`));
      };
      const all = ended.map(({ id, status }) => `${id} job.${status}`);
      const missing = async () => {
        const known = await told();
        return all.filter((end) => !known.has(end));
      };
      await expect.poll(missing).toEqual([]);
    },
  };
}

/** While the store is away jobs wait, pictures are answered 503, and the server says that it is not ready. */
async function waitsForTheStore({ cluster, jobs: done }: Aftermath): Promise<void> {
  const url = cluster.servers[0]?.url() ?? '';
  const client = new EaselClient({ baseUrl: url, apiKey: cluster.keys.devKey });
  for (const { toStore } of cluster.machines) toStore.condition = 'cut';
  const { id } = await client.jobs.create({ prompt: 'a pear', num_inference_steps: 2, img_width: 64, img_height: 64 });
  const picture = done.flatMap(({ images }) => images)[0]?.url ?? '';
  const away = await fetch(`${url}${new URL(picture).pathname}`);
  expect([away.status, away.headers.get('retry-after')]).toEqual([503, '30']);
  const admin = new EaselClient({ baseUrl: url, apiKey: cluster.keys.adminKey });
  const problems = async () => (await admin.admin.workers()).workers.flatMap(({ problem }) => problem ?? []);
  await expect.poll(problems).toContainEqual(expect.stringMatching(/^the bucket .* does not answer/));
  // The server looks by itself, at times of its own.
  await expect.poll(async () => (await fetch(`${url}/readyz`)).text()).toMatch(/does not answer/);
  // A worker that stored a picture a moment ago may have begun: it keeps the finished one.
  expect(['queued', 'running']).toContain((await client.jobs.get(id)).status);
  for (const { toStore } of cluster.machines) toStore.condition = 'whole';
  while (['queued', 'running'].includes((await client.jobs.get(id)).status)) await sleep(100);
  expect(await client.jobs.get(id)).toMatchObject({ status: 'succeeded' });
}
