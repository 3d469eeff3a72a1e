import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EaselClient } from '@easel/client';
import { expect, onTestFinished, test } from 'vitest';
import { type EaselServer, serveEasel } from './support/easel-server.ts';
import { runEasel, until } from './support/run-easel.ts';

const JOBS = 8;
const picture = { num_inference_steps: 40, img_width: 128, img_height: 128 };

async function easel(...args: readonly string[]): Promise<string> {
  const run = runEasel(args);
  expect(await run.ended, run.output()).toBe(0);
  return run.output();
}

const clientOf = ({ url, devKey }: EaselServer) => new EaselClient({ baseUrl: url, apiKey: devKey });

async function jobsOf(client: EaselClient) {
  return (await client.jobs.list({ limit: 100 })).jobs;
}

test('a backup under load is restored elsewhere: jobs in flight end there, charged or refunded, and what had ended is as it was', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'easel-backup-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await chmod(folder, 0o711); // as root, the account that PostgreSQL runs as has to pass
  const file = join(folder, 'backup.tar.gz');
  const first = await serveEasel();
  const client = clientOf(first);
  for (let seed = 1; seed <= JOBS; seed += 1) {
    await client.jobs.create({ prompt: 'a walrus', seed, ...picture });
  }
  await until(async () => (await jobsOf(client)).some(({ status }) => status === 'succeeded'), first.output, 600_000);
  const before = await jobsOf(client);
  const unfinished = before.filter(({ status }) => status === 'queued' || status === 'running');
  expect(unfinished.length).toBeGreaterThan(0);
  expect(await easel('backup', file, '--data-dir', first.dataDir)).toContain('and read it again');
  await first.stop();

  const dataDir = join(folder, 'restored');
  expect(await easel('restore', file, '--data-dir', dataDir)).toContain(`into ${dataDir}`);
  const { adminKey, devKey } = first;
  const second = await serveEasel({ dataDir, keys: { adminKey, devKey } });
  try {
    const there = clientOf(second);
    const isOver = ({ status }: { status: string }) => status !== 'queued' && status !== 'running';
    // Lost runs are noticed, and the queue pauses before it repeats one.
    await until(async () => (await jobsOf(there)).every(isOver), second.output, 600_000);
    const after = await jobsOf(there);
    expect(after.map(({ id }) => id)).toEqual(before.map(({ id }) => id));
    for (const { id, images } of before.filter(({ status }) => status === 'succeeded')) {
      expect(await there.jobs.get(id)).toMatchObject({
        status: 'succeeded',
        images: images.map(({ id: name }) => ({ id: name })),
      });
    }
    for (const { images } of after) {
      for (const { url } of images) expect((await fetch(url)).status).toBe(200);
    }
    const credits = await there.account.credits();
    let balance = 0;
    let charged = 0;
    for await (const { amount, amount_charged } of there.account.wholeLedger({ limit: 100 })) {
      balance += amount;
      charged += amount_charged;
    }
    const price = after.filter(({ status }) => status === 'succeeded').reduce((sum, job) => sum + job.price, 0);
    expect(credits.held).toBe(0);
    expect(credits.balance).toBeCloseTo(balance, 6);
    expect(charged).toBeCloseTo(price, 6);
  } finally {
    await second.stop();
  }
});
