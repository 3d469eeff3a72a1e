import { type ClientOptions, EaselClient, EaselConnectionError, EaselError, EaselJobError } from '@easel/client';
import type { JobEvent } from '@easel/contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type EaselServer, serveEasel } from './support/easel-server.ts';

let server: EaselServer;
beforeAll(async () => {
  server = await serveEasel();
});
afterAll(() => server.stop());

const small = { prompt: 'a red apple', num_inference_steps: 6, img_width: 64, img_height: 64, seed: 7 };
const slow = { prompt: 'a pear', num_inference_steps: 100, samples: 4 };
const clientOf = (options: Partial<ClientOptions> = {}) =>
  new EaselClient({ baseUrl: server.url, apiKey: server.devKey, ...options });
const adminClient = () => clientOf({ apiKey: server.adminKey });

test('run makes a picture, tells its steps with previews, and the file is the one that the server keeps', async () => {
  const client = clientOf();
  const events: JobEvent[] = [];
  const job = await client.jobs.run({ ...small, preview: true }, { onEvent: (event) => events.push(event) });
  expect(job).toMatchObject({ status: 'succeeded', seed: 7, images: [{ seed: 7, width: 64 }] });
  const steps = events.flatMap(({ event, data }) => (event === 'step' ? [data] : []));
  expect(steps.at(-1)).toMatchObject({ index: 6, total: 6 });
  expect(steps.some(({ preview }) => preview?.startsWith('data:image/jpeg;base64,'))).toBe(true);
  const [image] = job.images;
  const { bytes, contentType } = await client.images.get(image?.id ?? '');
  expect([bytes.length, contentType]).toEqual([image?.file_size, 'image/jpeg']);
  expect([...bytes.subarray(0, 3)]).toEqual([0xff, 0xd8, 0xff]);
  expect(client.remainingCredits).toBeCloseTo(100 - job.price, 6);
  await client.images.delete(image?.id ?? '');
  await expect(client.images.get(image?.id ?? '')).rejects.toMatchObject({ status: 404 });
});

test('a stream that breaks off again and again loses no event and doubles none', async () => {
  const broken = breakingOff();
  const client = clientOf({ fetch: broken.fetch });
  const { id } = await client.jobs.create({ ...small, num_inference_steps: 10 });
  const seen: string[] = [];
  for await (const { event, data } of client.jobs.events(id)) seen.push('index' in data ? String(data.index) : event);
  const whole: string[] = [];
  for await (const { event, data } of clientOf().jobs.events(id))
    whole.push('index' in data ? String(data.index) : event);
  expect(seen.slice(seen.indexOf('started'))).toEqual(whole.slice(whole.indexOf('started')));
  expect(seen.slice(-2)).toEqual(['10', 'succeeded']);
  expect(broken.times()).toBeGreaterThan(0);
});

test('whoever aborts a run gets his reason, and the job is cancelled and refunded', async () => {
  const client = clientOf();
  const leaving = new AbortController();
  let id = '';
  const onEvent = ({ event }: JobEvent) => event === 'step' && leaving.abort(new Error('enough'));
  const before = (await client.account.credits()).balance;
  await expect(client.jobs.run(slow, { signal: leaving.signal, onEvent })).rejects.toThrow('enough');
  for await (const job of client.jobs.all({ limit: 1 })) {
    id = job.id;
    expect(job.status).toBe('cancelled');
    break;
  }
  expect((await client.account.credits()).remaining).toBe(before);
  await expect(client.jobs.events(id).next()).resolves.toBeDefined();
});

test('a job that somebody else cancels ends the run with an error that says so', async () => {
  const client = clientOf();
  const running = client.jobs.run(slow, {
    onEvent: ({ event }) => event === 'started' && void cancelNewest(),
  });
  await expect(running).rejects.toMatchObject({ name: 'EaselJobError', code: 'cancelled' });
  await expect(running).rejects.toBeInstanceOf(EaselJobError);
  async function cancelNewest() {
    const { jobs } = await clientOf().jobs.list({ limit: 1 });
    await clientOf().jobs.cancel(jobs[0]?.id ?? '');
  }
});

test('refusals are errors with code, field and request id, and without the key', async () => {
  const client = clientOf();
  const refusal = client.jobs.create({ prompt: 'a', samples: 9 });
  await expect(refusal).rejects.toBeInstanceOf(EaselError);
  await expect(refusal).rejects.toMatchObject({
    status: 400,
    code: 'invalid_request',
    param: 'samples',
    requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    message: 'samples must be an integer from 1 to 4 (got 9)',
  });
  const wrongKey = 'SG_00000000000000ff';
  const refused = await clientOf({ apiKey: wrongKey })
    .account.credits()
    .catch((error: unknown) => error);
  expect(refused).toMatchObject({ status: 401, code: 'unauthorized' });
  expect(String(refused)).not.toContain(wrongKey);
});

test('nobody there is an error that says where; an abort is its own reason', async () => {
  const nowhere = clientOf({ baseUrl: 'http://127.0.0.1:9', retries: 0 });
  await expect(nowhere.models()).rejects.toBeInstanceOf(EaselConnectionError);
  await expect(nowhere.models()).rejects.toThrow('http://127.0.0.1:9');
  await expect(clientOf().models({ signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow('no');
});

test('what can do no harm is sent again, what could is not', async () => {
  const requests: string[] = [];
  const failing = clientOf({
    fetch: async (address, init) => {
      requests.push(init?.method ?? '');
      if (requests.length % 3 !== 0) throw new TypeError('connection reset');
      return fetch(address, init);
    },
  });
  expect((await failing.models()).models.length).toBeGreaterThan(0);
  expect(requests).toEqual(['GET', 'GET', 'GET']);
  const { id } = await failing.jobs.create(small, { idempotencyKey: 'order 7' });
  expect(requests).toHaveLength(6);
  await expect(failing.jobs.create(small)).rejects.toBeInstanceOf(EaselConnectionError);
  expect(requests).toHaveLength(7);
  expect((await clientOf().jobs.create(small, { idempotencyKey: 'order 7' })).id).toBe(id);
});

test('an administrator makes accounts and keys, gives credits and rules the queue', async () => {
  const { admin } = adminClient();
  const account = await admin.createAccount({ name: 'Studio' });
  const key = await admin.createKey({ account_id: account.id, name: 'site' });
  expect(await admin.grant({ account_id: account.id, amount: 0.5 })).toMatchObject({ remaining: 0.5 });
  const own = clientOf({ apiKey: key.key });
  expect((await own.account.credits()).remaining).toBe(0.5);
  await own.jobs.run(small);
  expect((await own.account.ledger()).entries.map(({ kind }) => kind)).toEqual(['charge', 'hold', 'grant']);
  expect((await own.account.usage({ group: 'model' })).rows).toMatchObject([{ group: 'playground-v2.5', jobs: 1 }]);
  expect((await own.account.price({ samples: 2, num_inference_steps: 20 })).price).toBeGreaterThan(0);
  expect((await own.tokenize({ text: 'a red apple' })).encoders.length).toBe(2);
  expect((await admin.changeKey(key.id, { rate_limit: 5 })).rate_limit).toBe(5);
  expect((await admin.changeAccount(account.id, { max_concurrent: 2 })).max_concurrent).toBe(2);
  expect((await admin.getAccount(account.id)).name).toBe('Studio');
  expect((await admin.listKeys({ account_id: account.id })).keys).toHaveLength(1);
  expect((await admin.revokeKey(key.id)).revoked_at).not.toBeNull();
  await expect(own.account.credits()).rejects.toMatchObject({ status: 401 });
  const names: string[] = [];
  for await (const { name } of admin.allAccounts({ limit: 1 })) names.push(name);
  expect(names).toEqual(['Studio', 'development', 'admin']);
  expect((await admin.pauseQueue()).state).toBe('paused');
  expect((await admin.resumeQueue()).state).toBe('running');
  expect((await admin.queue()).state).toBe('running');
  expect((await admin.workers()).workers).toHaveLength(1);
  expect((await admin.listJobs({ account_id: account.id })).jobs).toHaveLength(1);
});

/** Connections whose streams of events die early: the first after 100 bytes, each later one after twice as many. */
function breakingOff(): { readonly fetch: typeof fetch; readonly times: () => number } {
  let times = 0;
  const breaking: typeof fetch = async (address, init) => {
    const reply = await fetch(address, init);
    if (!reply.headers.get('content-type')?.startsWith('text/event-stream')) return reply;
    let left = 100 * 2 ** times;
    const cut = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        controller.enqueue(chunk.subarray(0, left));
        left -= chunk.length;
        if (left > 0) return;
        times += 1;
        controller.error(new TypeError('terminated'));
      },
    });
    return new Response(reply.body?.pipeThrough(cut), { headers: reply.headers });
  };
  return { fetch: breaking, times: () => times };
}
