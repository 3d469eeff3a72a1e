import { once } from 'node:events';
import { chmod, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { newDataDir, newKey, serveEasel } from './support/easel-server.ts';

const keys = { adminKey: newKey(), devKey: newKey() };

async function paint(url: string): Promise<Response> {
  return fetch(`${url}/v1/playground-v2.5`, {
    method: 'POST',
    headers: { 'x-api-key': keys.devKey, 'content-type': 'application/json' },
    body: JSON.stringify({ prompt: 'a red apple', base64: false, num_inference_steps: 20, samples: 2 }),
  });
}

test('easel serve finishes what is under way at SIGTERM, and a second start on the same folder knows everything', async () => {
  const dataDir = await newDataDir();
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  // What is under way may take long on a busy machine.
  const first = await serveEasel({ dataDir, keys, env: { EASEL_DRAIN_SECONDS: '600' } });
  const painting = paint(first.url);
  while (
    !(
      await fetch(`${first.url}/api/jobs`, { headers: { 'x-api-key': keys.devKey } }).then((reply) => reply.text())
    ).includes('"running"')
  ) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const stopped = first.stop();
  expect((await painting).status).toBe(200);
  expect(await stopped, first.output()).toBe(0);
  expect(first.output()).not.toContain('did not stop cleanly');

  const second = await serveEasel({ dataDir, keys });
  const jobs: unknown = await fetch(`${second.url}/api/jobs`, { headers: { 'x-api-key': keys.devKey } }).then((reply) =>
    reply.json(),
  );
  expect(jobs).toMatchObject({ jobs: [{ status: 'succeeded' }] });
  expect(second.output()).not.toContain('SG_');
  expect(await second.stop()).toBe(0);
});

test('a connection on which nothing has been asked does not keep the server from ending', async () => {
  const server = await serveEasel();
  const { hostname, port } = new URL(server.url);
  const silent = connect({ host: hostname, port: Number(port) });
  await once(silent, 'connect');
  // Asked later on another one: by then the server has taken both.
  await fetch(`${server.url}/healthz`).then((reply) => reply.text());
  const ended = once(silent, 'close');
  expect(await server.stop(), server.output()).toBe(0);
  await ended;
  expect(server.output()).not.toContain('took longer');
});

test('a second server on one data folder is refused with the reason, and the first one goes on', async () => {
  const dataDir = await newDataDir();
  await chmod(dataDir, 0o711);
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  const first = await serveEasel({ dataDir, keys });
  await expect(serveEasel({ dataDir, keys })).rejects.toThrow(/in use by process/);
  expect((await fetch(`${first.url}/healthz`)).status).toBe(200);
  expect(await first.stop()).toBe(0);
});
