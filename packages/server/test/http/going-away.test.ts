import { expect, test } from 'vitest';
import type { HttpServices } from '../../src/http/services.ts';
import { slug, unattended, useHttp } from './http-server.ts';

const http = useHttp();
const never = new AbortController().signal;
const body = JSON.stringify({ prompt: 'a red apple', num_inference_steps: 20, width: 64, height: 64, seed: 3 });

async function listen(options: Parameters<ReturnType<typeof http>['build']>[0] = {}) {
  const app = await http().build(options);
  return app.listen({ host: '127.0.0.1', port: 0 });
}

const statesOf = async (accountId: string) =>
  (await http().services.jobs.list({ accountId, limit: 10 })).jobs.map(({ job }) => job.state);

const imagesOf = async (accountId: string, id: string) =>
  (await http().services.jobs.get(accountId, id)).images.map(({ name }) => name);

/** Sends a request that waits for ever, and goes away once its job is there. */
async function sendAndLeave(
  url: string,
  path: string,
  sent: string,
  headers: Record<string, string>,
  accountId: string,
) {
  const leaving = new AbortController();
  const reply = fetch(`${url}${path}`, { method: 'POST', headers, body: sent, signal: leaving.signal }).then(
    (streaming) => streaming.text(),
    () => '',
  );
  await expect.poll(() => statesOf(accountId)).toEqual(['queued']);
  leaving.abort();
  await reply.catch(() => '');
}

test.each([
  ['a synchronous request', `/v1/${unattended}`, body],
  ['OpenAI', '/v1/images/generations', JSON.stringify({ prompt: 'a', model: unattended })],
  ['an OpenAI stream', '/v1/images/generations', JSON.stringify({ prompt: 'a', model: unattended, stream: true })],
])('a client of %s that goes away cancels its job and gets its price back', async (_of, path, sent) => {
  const url = await listen();
  const { json, accountId } = await http().customer();
  await sendAndLeave(url, path, sent, json, accountId);
  await expect.poll(() => statesOf(accountId)).toEqual(['cancelled']);
  expect(await http().services.credits.balance(accountId)).toMatchObject({ held: 0n, available: 1_000_000n });
});

test.each([
  ['a synchronous request', `/v1/${slug}`, body],
  ['OpenAI', '/v1/images/generations', JSON.stringify({ prompt: 'a', num_inference_steps: 1, size: '64x64' })],
  [
    'an OpenAI stream',
    '/v1/images/generations',
    JSON.stringify({ prompt: 'a', num_inference_steps: 1, size: '64x64', stream: true }),
  ],
])('a server that ends in the moment in which a job does delivers its pictures to %s', async (_of, path, sent) => {
  const drained = new AbortController();
  const { services } = http();
  const ending: Pick<HttpServices, 'waitForJob' | 'followJob'> = {
    async waitForJob(id, signal) {
      const view = await services.waitForJob(id, never);
      drained.abort();
      signal.throwIfAborted();
      return view;
    },
    async *followJob(id, after, signal) {
      for await (const followed of services.followJob(id, after, never)) {
        if ('view' in followed.event) drained.abort();
        signal.throwIfAborted();
        yield followed;
      }
    },
  };
  const app = await http().build({ drained: drained.signal }, ending);
  const { json, accountId } = await http().customer();
  const reply = await app.inject({ method: 'POST', url: path, headers: json, payload: sent });
  expect(drained.signal.aborted).toBe(true);
  expect(reply.statusCode, reply.payload).toBe(200);
  expect(reply.payload).toMatch(/"image"|b64_json/);
  expect(reply.payload).not.toContain('"error"');
  expect(await statesOf(accountId)).toEqual(['succeeded']);
});

test('a request with an idempotency key goes on when its client goes away, for it may come again', async () => {
  const url = await listen();
  const path = `/v1/${unattended}`;
  const [keyed, plain] = [await http().customer(), await http().customer()];
  await sendAndLeave(url, path, body, { ...keyed.json, 'idempotency-key': 'order 1' }, keyed.accountId);
  await sendAndLeave(url, path, body, plain.json, plain.accountId);
  // The second client went later, so by now the server has noticed the first one's going, too.
  await expect.poll(() => statesOf(plain.accountId)).toEqual(['cancelled']);
  expect(await statesOf(keyed.accountId)).toEqual(['queued']);
});

test('the same key and body gives the same pictures for one price; another body is refused', async () => {
  const { json, accountId } = await http().customer();
  const ask = (payload: object) =>
    http().app.inject({ method: 'POST', url: `/v1/${slug}`, headers: { ...json, 'idempotency-key': 'k' }, payload });
  const request = { prompt: 'a pear', num_inference_steps: 20, width: 64, height: 64 };
  const [first, second] = await Promise.all([ask(request), ask({ ...request, num_inference_steps: '20' })]);
  const third = await ask(Object.fromEntries(Object.entries(request).reverse()));
  expect(first.statusCode).toBe(200);
  expect(second.json()).toEqual(first.json());
  expect(third.json()).toEqual(first.json());
  expect(await statesOf(accountId)).toEqual(['succeeded']);
  expect(await http().services.credits.balance(accountId)).toEqual({ available: 999_988n, held: 0n });
  const other = await ask({ ...request, prompt: 'an apple' });
  expect(other.statusCode).toBe(409);
  expect(other.json().code).toBe('idempotency_mismatch');
});

test('a request that is repeated when its pictures are gone is told so, on every surface, and what to do', async () => {
  const customer = await http().customer();
  const send = (url: string, payload: object, key: string) =>
    http().app.inject({ method: 'POST', url, headers: { ...customer.json, 'idempotency-key': key }, payload });
  const openai = { prompt: 'a pear', num_inference_steps: 1, size: '64x64' };
  const requests = [
    [`/v1/${slug}`, { prompt: 'a pear', num_inference_steps: 20, width: 64, height: 64 }],
    ['/v1/images/generations', openai],
    ['/v1/images/generations', { ...openai, stream: true }],
  ] as const;
  for (const [index, [url, payload]] of requests.entries()) {
    const key = `gone ${index}`;
    const made = await send(url, payload, key);
    expect(made.statusCode).toBe(200);
    const id = String(made.headers['x-request-id']);
    await http().services.images.remove(customer.accountId, (await imagesOf(customer.accountId, id))[0] ?? '');
    const balance = await http().services.credits.balance(customer.accountId);
    const again = await send(url, payload, key);
    expect(again.body).toMatch(
      new RegExp(
        `the pictures of request ${id}, which succeeded on 20.{22}, have been deleted; .* without its Idempotency-Key`,
      ),
    );
    expect(again.body).toContain('not_found');
    const { auth } = customer;
    const polled = await http().app.inject({ url: `/v1/requests/${id}`, headers: auth });
    expect([polled.statusCode, polled.json().error]).toEqual([404, expect.stringContaining('have been deleted')]);
    expect(await http().services.credits.balance(customer.accountId)).toEqual(balance);
  }
});

test('who waits when no job will end here any more is told to ask again, and its job is cancelled', async () => {
  const drained = new AbortController();
  const url = await listen({ drained: drained.signal });
  const { json, accountId } = await http().customer();
  const reply = fetch(`${url}/v1/${unattended}`, { method: 'POST', headers: json, body });
  await expect.poll(() => statesOf(accountId)).toEqual(['queued']);
  drained.abort();
  const told = await reply;
  expect(told.status).toBe(503);
  expect(told.headers.get('retry-after')).not.toBeNull();
  expect(await statesOf(accountId)).toEqual(['cancelled']);
});
