import { headers } from '@easel/contract';
import { beforeAll, expect, test, vi } from 'vitest';
import { type Customer, slug, unattended, useHttp } from './http-server.ts';

const http = useHttp();
const small = { prompt: 'a red apple', num_inference_steps: 4, img_width: 128, img_height: 128, seed: 3 };
const query = 'num_inference_steps=4&img_width=128&img_height=128';
const signal = () => AbortSignal.timeout(300_000);

const send = ({ json }: Customer, payload: object, more: Record<string, string> = {}) =>
  http().app.inject({ method: 'POST', url: '/api/jobs', headers: { ...json, ...more }, payload });
const get = ({ auth }: Customer, url: string) => http().app.inject({ url, headers: auth });

beforeAll(async () => {
  // Before its first picture nobody knows how fast the model is.
  const customer = await http().customer();
  expect((await get(customer, `/api/price?${query}`)).json().draft).toEqual({
    offered: false,
    reason: expect.stringContaining('not known before its first picture; try again in a minute'),
  });
  await http().services.waitForJob((await send(customer, small)).json().id, signal());
  // Its speed is stored a moment after its end.
  const offered = async () => (await get(customer, `/api/price?${query}`)).json().draft.offered;
  await vi.waitUntil(offered, { timeout: 300_000 });
});

test('a draft is priced 0 and told as one; its small picture is an event, and neither list, ledger nor usage has it', async () => {
  const customer = await http().customer();
  expect((await get(customer, `/api/price?${query}`)).json().draft).toEqual({ offered: true, reason: null });
  const reply = await send(customer, { ...small, draft: true });
  expect(reply.statusCode).toBe(202);
  expect(reply.headers[headers.cost]).toBe('0');
  expect(reply.json()).toMatchObject({ draft: true, price: 0, priority: 0, store: false, seed: 3 });
  const { id } = reply.json();
  const events = (await get(customer, `/api/jobs/${id}/events`)).payload;
  expect(events).toMatch(/event: sample\ndata: \{"sample":0,"preview":"data:image\/jpeg;base64,/);
  expect(events).toMatch(/event: succeeded/);
  expect((await get(customer, `/api/jobs/${id}`)).json()).toMatchObject({
    status: 'succeeded',
    images: [],
    prompt: null,
  });
  expect((await get(customer, '/api/jobs')).json().jobs).toEqual([]);
  expect((await get(customer, '/api/usage')).json().total).toMatchObject({ jobs: 0, cost: 0 });
  expect((await get(customer, '/api/ledger')).json().entries.map(({ kind }: { kind: string }) => kind)).toEqual([
    'grant',
  ]);
});

test('an ordinary job says nothing of drafts', async () => {
  const customer = await http().customer();
  const { json } = await send(customer, { ...small, draft: false, model: unattended });
  expect(json()).not.toHaveProperty('draft');
  expect(json().price).toBeGreaterThan(0);
  await http().services.cancelJob(null, json().id);
});

test('the next draft is another job, whatever its idempotency key, and ends the one before', async () => {
  const customer = await http().customer();
  const key = { 'idempotency-key': 'typed' };
  const body = { ...small, draft: true, num_inference_steps: 100 };
  const first = (await send(customer, body, key)).json().id;
  const second = (await send(customer, body, key)).json().id;
  expect(second).not.toBe(first);
  expect((await get(customer, `/api/jobs/${first}`)).json()).toMatchObject({
    status: 'cancelled',
    error: { code: 'cancelled' },
  });
  await http().services.waitForJob(second, signal());
});

test.each([
  ['samples', { samples: 2 }],
  ['image', { image: '/api/images/00000000000000000000000000000000' }],
  ['upscale', { upscale: 2 }],
  ['store', { store: true }],
  ['priority', { priority: 1 }],
  ['webhook_url', { webhook_url: 'https://example.org/' }],
])('a draft with %s is refused, with what to leave out', async (param, more) => {
  const customer = await http().customer();
  const reply = await send(customer, { ...small, ...more, draft: true });
  expect(reply.statusCode).toBe(400);
  expect(reply.json()).toMatchObject({
    code: 'invalid_request',
    detail: expect.stringMatching(new RegExp(`^${param} is not possible with draft: `)),
    remedy: `leave ${param} out, or draft`,
    param,
  });
});

test('a draft needs the right to generate, credits and the model, as a job does', async () => {
  const reader = await http().customer({ scopes: ['read'] });
  expect((await send(reader, { ...small, draft: true })).statusCode).toBe(403);
  const poor = await http().customer({}, 1n);
  expect((await send(poor, { ...small, draft: true })).json()).toMatchObject({
    status: 406,
    code: 'insufficient_credits',
  });
  const elsewhere = await http().customer({ models: [unattended] });
  expect((await send(elsewhere, { ...small, draft: true, model: slug })).statusCode).toBe(403);
});

test('what takes too long is quoted as no draft, with the reason, and has its price', async () => {
  const { jobs, build } = http();
  const drafts = { ...jobs.drafts, maxSeconds: 0.001 };
  const app = await build({}, { drafts });
  const customer = await http().customer();
  const quote = (await app.inject({ url: `/api/price?${query}`, headers: customer.auth })).json();
  expect(quote.draft).toMatchObject({
    offered: false,
    reason: expect.stringMatching(/a draft may take 0.001 s; ask for/),
  });
  expect(quote.price).toBeGreaterThan(0);
});
