import {
  MAX_WEBHOOK_ENDPOINTS,
  webhookDeliveryDetailSchema,
  webhookDeliveryPageSchema,
  webhookEndpointListSchema,
  webhookEndpointSchema,
  webhookEndpointWithSecretSchema,
  webhookSecretSchema,
} from '@easel/contract';
import { Check } from 'typebox/schema';
import { expect, test } from 'vitest';
import { type Customer, unattended, useHttp } from './http-server.ts';

const http = useHttp();
const hook = 'https://example.org/hook';

async function ask(
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  url: string,
  { auth, json }: Customer,
  payload?: object,
) {
  const sent = payload === undefined ? { headers: auth } : { headers: json, payload };
  const reply = await http().app.inject({ method, url, ...sent });
  return { status: reply.statusCode, body: reply.body === '' ? null : reply.json() };
}

async function newEndpoint(customer: Customer, change: object = {}) {
  const { status, body } = await ask('POST', '/api/webhooks/endpoints', customer, { url: hook, ...change });
  expect(status).toBe(201);
  return body;
}

test('an endpoint is created with a secret that no later reply has, changed, and deleted', async () => {
  const customer = await http().customer();
  const { secret, ...created } = await newEndpoint(customer);
  expect(Check(webhookEndpointWithSecretSchema, { secret, ...created })).toBe(true);
  expect(secret).toMatch(/^whsec_/);
  expect(created).toMatchObject({
    url: hook,
    account_id: customer.accountId,
    events: ['job.succeeded', 'job.failed', 'job.cancelled'],
    enabled: true,
    include_prompt: false,
  });
  const at = `/api/webhooks/endpoints/${created.id}`;
  const { body: list } = await ask('GET', '/api/webhooks/endpoints', customer);
  expect(Check(webhookEndpointListSchema, list)).toBe(true);
  expect(list.endpoints).toEqual([created]);
  const { body: changed } = await ask('PATCH', at, customer, { events: ['job.failed'], include_prompt: true });
  expect(Check(webhookEndpointSchema, changed)).toBe(true);
  expect(changed).toEqual({ ...created, events: ['job.failed'], include_prompt: true });
  expect((await ask('GET', at, customer)).body).toEqual(changed);
  expect((await ask('DELETE', at, customer)).status).toBe(204);
  expect((await ask('GET', at, customer)).status).toBe(404);
});

test('who may not read the jobs of the account is told of none by a webhook either', async () => {
  const making = await http().customer({ scopes: ['generate'] });
  const reading = await http().customer({ scopes: ['read'] });
  const lists = ['/api/webhooks/endpoints', '/api/webhooks/deliveries'];
  const statuses = (customer: Customer) => lists.map(async (url) => (await ask('GET', url, customer)).status);
  expect(await Promise.all(statuses(making))).toEqual([403, 403]);
  expect(await Promise.all(statuses(reading))).toEqual([200, 200]);
  for (const customer of [making, reading]) {
    expect((await ask('POST', '/api/webhooks/endpoints', customer, { url: hook })).status).toBe(403);
    expect((await ask('POST', '/api/webhooks/secret', customer, {})).status).toBe(403);
  }
});

test('a secret is replaced with the old one signing for a day, and so is that of the account', async () => {
  const customer = await http().customer();
  const { id, secret } = await newEndpoint(customer);
  const { status, body } = await ask('POST', `/api/webhooks/endpoints/${id}/secret`, customer);
  expect(status).toBe(200);
  expect(body.secret).not.toBe(secret);
  const hoursLeft = (until: string) => (Date.parse(until) - Date.now()) / 3_600_000;
  expect(hoursLeft(body.old_secret_until)).toBeGreaterThan(23);
  expect(hoursLeft(body.old_secret_until)).toBeLessThanOrEqual(24);

  const { body: first } = await ask('GET', '/api/webhooks/secret', customer);
  expect(Check(webhookSecretSchema, first)).toBe(true);
  expect(first.old_secret_until).toBeNull();
  const { body: second } = await ask('POST', '/api/webhooks/secret', customer);
  expect(second.secret).not.toBe(first.secret);
  expect(hoursLeft(second.old_secret_until)).toBeGreaterThan(23);
  expect((await ask('GET', '/api/webhooks/secret', customer)).body).toEqual(second);
  expect((await ask('GET', '/api/webhooks/secret', await http().customer())).body.secret).not.toBe(second.secret);
});

test.each([
  ['https://10.0.0.1/', /url cannot be used: the address of 10.0.0.1 is not public/],
  ['https://2852039166/', /the address of 169.254.169.254 is not public/],
  ['ftp://example.org/', /url must be an https:\/\/ URL/],
  ['https://user:word@example.org/', /must not contain a user name or a password/],
  ['https://exa mple.org/', /url must be an https:\/\/ URL/],
  ['https://', /url must be|url cannot be used/],
])('an endpoint at %s is refused, and so is a job with it, before anything is charged', async (url, message) => {
  const customer = await http().customer();
  const { status, body } = await ask('POST', '/api/webhooks/endpoints', customer, { url });
  expect([status, body.code, body.param]).toEqual([400, 'invalid_request', 'url']);
  expect(body.detail).toMatch(message);
  const job = await ask('POST', '/api/jobs', customer, { prompt: 'a red apple', webhook_url: url });
  expect([job.status, job.body.code, job.body.param]).toEqual([400, 'invalid_request', 'webhook_url']);
  expect((await ask('GET', '/api/ledger', customer)).body.entries).toHaveLength(1);
});

test('of deliveries there are pages, details and another attempt; the address of a job is told, too', async () => {
  const customer = await http().customer();
  const endpoint = await newEndpoint(customer);
  const job = { prompt: 'a red apple', model: unattended, webhook_url: 'https://example.org/own' };
  const { body: taken } = await ask('POST', '/api/jobs', customer, job);
  expect(taken.webhook_url).toBe(job.webhook_url);
  await ask('DELETE', `/api/jobs/${taken.id}`, customer);
  expect((await ask('GET', `/api/jobs/${taken.id}`, customer)).body.webhook_url).toBe(job.webhook_url);
  const { status, body: tested } = await ask('POST', `/api/webhooks/endpoints/${endpoint.id}/test`, customer);
  expect([status, tested.event, tested.status]).toEqual([202, 'webhook.test', 'pending']);

  const at = '/api/webhooks/deliveries';
  const { body: all } = await ask('GET', at, customer);
  expect(Check(webhookDeliveryPageSchema, all)).toBe(true);
  expect(all.deliveries.map(({ event }: { event: string }) => event).sort()).toEqual([
    'job.cancelled',
    'job.cancelled',
    'webhook.test',
  ]);
  const { body: page } = await ask('GET', `${at}?limit=2`, customer);
  const { body: rest } = await ask('GET', `${at}?limit=2&cursor=${page.next_cursor}`, customer);
  expect([...page.deliveries, ...rest.deliveries]).toEqual(all.deliveries);
  expect(rest.next_cursor).toBeNull();
  const { body: ofJob } = await ask('GET', `${at}?job_id=${taken.id}&status=pending`, customer);
  expect(ofJob.deliveries.map(({ url }: { url: string }) => url).sort()).toEqual([hook, 'https://example.org/own']);
  expect((await ask('GET', `${at}?endpoint_id=${endpoint.id}`, customer)).body.deliveries).toHaveLength(2);
  expect((await ask('GET', `${at}?cursor=nonsense`, customer)).body.param).toBe('cursor');

  const { body: detail } = await ask('GET', `${at}/${ofJob.deliveries[0].id}`, customer);
  expect(Check(webhookDeliveryDetailSchema, detail)).toBe(true);
  expect(JSON.parse(detail.payload)).toMatchObject({
    type: 'job.cancelled',
    data: { job: { id: taken.id, prompt: null } },
  });
  expect(detail.payload).not.toContain('webhook_url');
  const again = await ask('POST', `${at}/${tested.id}/resend`, customer);
  expect([again.status, again.body.id]).toEqual([202, tested.id]);
});

test('what belongs to another account does not exist, and an administrator reaches all of it', async () => {
  const [customer, stranger] = [await http().customer(), await http().customer()];
  const admin = await http().customer({ scopes: ['admin'] });
  const endpoint = await newEndpoint(customer);
  const { body: tested } = await ask('POST', `/api/webhooks/endpoints/${endpoint.id}/test`, customer);
  const calls = [
    ['GET', `endpoints/${endpoint.id}`],
    ['PATCH', `endpoints/${endpoint.id}`, { enabled: true }],
    ['POST', `endpoints/${endpoint.id}/secret`],
    ['POST', `endpoints/${endpoint.id}/test`],
    ['GET', `deliveries/${tested.id}`],
    ['POST', `deliveries/${tested.id}/resend`],
    ['DELETE', `endpoints/${endpoint.id}`],
  ] as const;
  for (const [method, path, body] of calls) {
    expect((await ask(method, `/api/webhooks/${path}`, stranger, body)).status, path).toBe(404);
    expect((await ask(method, `/api/admin/webhooks/${path}`, stranger, body)).status, path).toBe(403);
  }
  expect((await ask('GET', '/api/webhooks/deliveries', stranger)).body.deliveries).toEqual([]);

  const query = `account_id=${customer.accountId}`;
  const { body: listed } = await ask('GET', `/api/admin/webhooks/endpoints?${query}`, admin);
  expect(listed.endpoints.map(({ id }: { id: string }) => id)).toEqual([endpoint.id]);
  const { body: page } = await ask('GET', `/api/admin/webhooks/deliveries?${query}`, admin);
  expect(page.deliveries.map(({ id }: { id: string }) => id)).toEqual([tested.id]);
  for (const [method, path, body] of calls) {
    expect((await ask(method, `/api/admin/webhooks/${path}`, admin, body)).status, path).toBeLessThan(300);
  }
  const made = await ask('POST', '/api/admin/webhooks/endpoints', admin, { account_id: customer.accountId, url: hook });
  expect(made.status).toBe(201);
  expect((await ask('GET', '/api/webhooks/endpoints', customer)).body.endpoints).toHaveLength(1);
  const unknown = { account_id: endpoint.id, url: hook };
  expect((await ask('POST', '/api/admin/webhooks/endpoints', admin, unknown)).status).toBe(404);
});

test('a key that only reads sees endpoints and deliveries, and neither changes them nor sees a secret', async () => {
  const reader = await http().customer({ scopes: ['read'] });
  expect((await ask('GET', '/api/webhooks/endpoints', reader)).status).toBe(200);
  expect((await ask('GET', '/api/webhooks/deliveries', reader)).status).toBe(200);
  expect((await ask('POST', '/api/webhooks/endpoints', reader, { url: hook })).status).toBe(403);
  expect((await ask('GET', '/api/webhooks/secret', reader)).status).toBe(403);
});

test('an account can have so many endpoints and no more, also when they are created at the same time', async () => {
  const customer = await http().customer();
  const create = () => ask('POST', '/api/webhooks/endpoints', customer, { url: hook });
  const replies = await Promise.all(Array.from({ length: MAX_WEBHOOK_ENDPOINTS + 3 }, create));
  expect(replies.filter(({ status }) => status === 201)).toHaveLength(MAX_WEBHOOK_ENDPOINTS);
  expect(replies.filter(({ status }) => status === 409)).toHaveLength(3);
});
