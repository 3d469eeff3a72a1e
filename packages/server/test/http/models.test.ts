import { join } from 'node:path';
import type { ModelPull } from '@easel/contract';
import { expect, onTestFinished, test } from 'vitest';
import {
  content,
  diffusersFiles,
  type FakeHub,
  type Files,
  sendSome,
  startHub,
} from '../../../models/test/fake-hub.ts';
import { ModelStore } from '../../src/models/model-store.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';
import { useHttp } from './http-server.ts';

const http = useHttp();
const folder = useTemporaryFolder();
const COMMIT = 'a'.repeat(40);
const REPO = 'acme/painter';
let places = 0;

/** The routes over a cache of their own, and a Hub with one repository. */
async function place(files: Files, { license = 'mit', offered = [] }: { license?: string; offered?: string[] } = {}) {
  const hub: FakeHub = await startHub({ [REPO]: { commits: { [COMMIT]: files }, main: COMMIT, card: { license } } });
  const home = join(folder(), `place-${places++}`);
  const env = { HOME: home, HF_ENDPOINT: hub.url, XDG_DATA_HOME: join(home, 'data') };
  const modelStore = new ModelStore({ env, offered });
  onTestFinished(() => modelStore.close());
  const app = await http().build({}, { modelStore });
  const { json, auth } = await http().customer({ scopes: ['admin'] });
  const send = (method: 'GET' | 'POST' | 'DELETE', path: string, payload?: object) =>
    app.inject({
      method,
      url: `/api/admin/${path}`,
      headers: payload === undefined ? auth : json,
      ...(payload && { payload }),
    });
  const pulls = async (): Promise<ModelPull[]> => (await send('GET', 'models/pulls')).json().pulls;
  const ended = async () => {
    await expect.poll(async () => (await pulls())[0]?.state).not.toBe('running');
    return (await pulls())[0];
  };
  return { hub, app, send, pulls, ended };
}

test('an administrator downloads a model, sees how far it is, and deletes it', async () => {
  const { hub, send, pulls, ended } = await place({ 'model.safetensors': content(300_000) });
  const { promise: isFree, resolve: free } = Promise.withResolvers<void>();
  hub.onStore = (request, reply, body) => {
    void isFree.then(() => sendSome(body.length, () => reply.end())(request, reply, body));
    return true;
  };
  const started = await send('POST', 'models/pulls', { name: REPO });
  expect(started.statusCode).toBe(202);
  expect(started.json()).toMatchObject({ name: REPO, state: 'running', error: null, ended_at: null });
  await expect.poll(async () => (await pulls())[0]?.total_bytes).toBe(300_000);
  // Asked for again, it is the same download.
  expect((await send('POST', 'models/pulls', { name: REPO })).json().id).toBe(started.json().id);
  expect((await send('DELETE', `models?name=${REPO}`)).statusCode).not.toBe(200);
  free();
  expect(await ended()).toMatchObject({ state: 'succeeded', received_bytes: 300_000, licence: { name: 'mit' } });
  const { installed, available } = (await send('GET', 'models')).json();
  expect(installed).toEqual([
    { name: `${REPO}:model.safetensors`, repo: REPO, commit: COMMIT, bytes: 300_000, complete: true, in_use: false },
  ]);
  expect(available).toContainEqual(expect.objectContaining({ name: 'sdxl-turbo', kind: 'model' }));
  const removed = await send('DELETE', `models?name=${encodeURIComponent(REPO)}`);
  expect(removed.json()).toEqual({ name: `${REPO}:model.safetensors`, freed_bytes: 300_000 });
  expect((await send('GET', 'models')).json().installed).toEqual([]);
  expect((await send('DELETE', `models?name=${encodeURIComponent(REPO)}`)).statusCode).toBe(404);
});

test('a licence is shown and must be accepted; a download can be cancelled', async () => {
  const { hub, send, ended } = await place({ 'model.safetensors': content(300_000) }, { license: 'openrail++' });
  await send('POST', 'models/pulls', { name: REPO });
  expect(await ended()).toMatchObject({
    state: 'failed',
    licence: { name: 'openrail++' },
    error: { code: 'licence_not_accepted', remedy: expect.stringContaining('accept_license') },
  });
  expect(hub.asked.some(({ at }) => at === 'store')).toBe(false);
  hub.onStore = sendSome(1000, () => {});
  const { id } = (await send('POST', 'models/pulls', { name: REPO, accept_license: true })).json();
  await expect.poll(() => hub.asked.some(({ at }) => at === 'store')).toBe(true);
  expect((await send('DELETE', `models/pulls/${id}`)).json()).toMatchObject({ id, state: 'cancelled' });
});

test('a model that the server offers stays', async () => {
  const { send, ended } = await place(diffusersFiles(20_000), { offered: [REPO] });
  await send('POST', 'models/pulls', { name: REPO });
  expect(await ended()).toMatchObject({ state: 'succeeded' });
  expect((await send('GET', 'models')).json().installed).toMatchObject([{ name: REPO, in_use: true }]);
  const refused = await send('DELETE', `models?name=${encodeURIComponent(REPO)}`);
  expect(refused.statusCode).toBe(409);
  expect(refused.json().detail).toContain('this server offers acme/painter');
});

test('unknown names, ids and keys are refused with what helps', async () => {
  const { app, send, ended } = await place({});
  const unknown = await send('POST', 'models/pulls', { name: 'sdxl-trubo' });
  expect(unknown.statusCode).toBe(400);
  expect(unknown.body).toContain('did you mean sdxl-turbo');
  expect((await send('POST', 'models/pulls', { name: 'a/b:../../x' })).statusCode).toBe(400);
  expect((await send('POST', 'models/pulls', { name: REPO, licence: true })).statusCode).toBe(400);
  expect((await send('DELETE', 'models/pulls/01980c5e-7d3a-7c61-9a52-3f0b6f1c2d4e')).statusCode).toBe(404);
  await send('POST', 'models/pulls', { name: 'acme/absent' });
  expect(await ended()).toMatchObject({ state: 'failed', error: { code: 'download_refused' } });
  const { auth } = await http().customer();
  for (const url of ['models', 'models/pulls']) {
    expect((await app.inject({ url: `/api/admin/${url}`, headers: auth })).statusCode, url).toBe(403);
  }
});
