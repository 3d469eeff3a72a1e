import { expect, test } from 'vitest';
import { type Customer, unattended, useHttp } from './http-server.ts';

const http = useHttp();

async function call(customer: Customer, method: 'GET' | 'POST' | 'PATCH', url: string, payload?: object, more = {}) {
  const headers = { ...(payload ? customer.json : customer.auth), ...more };
  const reply = await http().app.inject({ method, url, headers, ...(payload && { payload }) });
  return { status: reply.statusCode, text: reply.body, headers: reply.headers, json: jsonOf(reply.body) };
}

function jsonOf(body: string) {
  return body.startsWith('{') ? JSON.parse(body) : undefined;
}

/** A job of the customer that was drawn and charged. */
async function drawn(customer: Customer): Promise<string> {
  const { json } = await call(customer, 'POST', '/api/jobs', { prompt: 'a walrus', num_inference_steps: 1 });
  await http().services.waitForJob(json.id, AbortSignal.timeout(120_000));
  return json.id;
}

const admin = () => http().customer({ scopes: ['admin'] });

test('a job that was charged is refunded once, with who and why in the audit log, the ledger and the usage', async () => {
  const [boss, customer] = [await admin(), await http().customer()];
  const id = await drawn(customer);
  const url = `/api/admin/jobs/${id}/refund`;
  expect((await call(customer, 'GET', `/api/jobs/${id}`)).json).not.toHaveProperty('refunded');
  expect((await call(customer, 'POST', url, { reason: 'mine' })).status).toBe(403);
  expect((await call(boss, 'POST', url, {})).json.detail).toContain('reason');
  expect((await call(boss, 'POST', url, { reason: ' ' })).json).toMatchObject({ status: 400, param: 'reason' });
  expect((await call(boss, 'POST', url, { reason: 'blurred', amount: 1 })).json).toMatchObject({ param: 'amount' });
  const refunded = await call(boss, 'POST', url, { reason: 'blurred' }, { 'idempotency-key': 'ticket 8' });
  expect(refunded).toMatchObject({ status: 201, json: { job_id: id, reason: 'blurred', remaining: 1 } });
  const again = await call(boss, 'POST', url, { reason: 'blurred' }, { 'idempotency-key': 'ticket 8' });
  expect(again.json).toEqual(refunded.json);
  expect((await call(boss, 'POST', url, { reason: 'blurred' })).json).toMatchObject({ status: 409, code: 'conflict' });
  const { amount } = refunded.json;
  expect((await call(customer, 'GET', `/api/jobs/${id}`)).json).toMatchObject({ price: amount, refunded: amount });
  expect((await call(boss, 'GET', `/api/admin/jobs?account_id=${customer.accountId}`)).json.jobs).toMatchObject([
    { id, refunded: amount },
  ]);
  const { entries } = (await call(customer, 'GET', '/api/ledger')).json;
  expect(entries[0]).toMatchObject({ kind: 'refund', amount, amount_charged: -amount, note: 'blurred', job_id: id });
  expect((await call(customer, 'GET', '/api/usage?group=key')).json).toMatchObject({
    rows: [{ group: customer.keyId, name: 'key', jobs: 1, cost: 0, refunded: amount }],
    total: { cost: 0 },
  });
  const log = (await call(boss, 'GET', `/api/admin/audit?account_id=${customer.accountId}`)).json;
  expect(log.entries[0]).toMatchObject({
    action: 'refundJob',
    subject: id,
    key_id: boss.keyId,
    key_name: 'key',
    client: '127.0.0.1',
    details: { reason: 'blurred' },
    status: 201,
  });
  expect((await call(customer, 'GET', '/api/admin/audit')).status).toBe(403);
});

test('what an administrator does or tries is in the audit log, and no key is; what is only read, or refused at the door, is not', async () => {
  const [boss, customer] = [await admin(), await http().customer()];
  const made = (await call(boss, 'POST', '/api/admin/accounts', { name: 'Audited' })).json;
  const key = (await call(boss, 'POST', '/api/admin/keys', { account_id: made.id, name: 'site' })).json;
  await call(boss, 'PATCH', `/api/admin/keys/${key.id}`, { monthly_budget: 2 });
  await call(boss, 'POST', '/api/admin/accounts', { name: 'Audited' });
  await call(boss, 'POST', '/api/admin/accounts', { nickname: 'Audited' });
  await call(customer, 'POST', '/api/admin/accounts', { name: 'Not mine' });
  await call(boss, 'GET', '/api/admin/accounts');
  const log = await call(boss, 'GET', '/api/admin/audit?limit=4');
  expect(log.json.entries.slice(0, 4)).toMatchObject([
    { action: 'createAccount', status: 409, subject: null, details: { name: 'Audited' } },
    { action: 'changeKey', status: 200, subject: key.id, account_id: made.id, details: { monthly_budget: 2 } },
    { action: 'createKey', status: 201, subject: key.id, account_id: made.id },
    { action: 'createAccount', status: 201, subject: made.id, account_id: made.id },
  ]);
  expect(log.text).not.toContain(key.key);
  const next = await call(boss, 'GET', `/api/admin/audit?cursor=${log.json.next_cursor ?? ''}`);
  expect(next.status).toBe(log.json.next_cursor === null ? 400 : 200);
});

test('a closed account has no keys and no queued jobs, keeps its balance, and can be opened again', async () => {
  const [boss, customer] = [await admin(), await http().customer()];
  const url = `/api/admin/accounts/${customer.accountId}`;
  const { json: job } = await call(customer, 'POST', '/api/jobs', { prompt: 'a walrus', model: unattended });
  const closed = await call(boss, 'POST', `${url}/close`);
  expect(closed.json).toMatchObject({
    account: { balance: 1, held: 0, closed_at: expect.any(String) },
    revoked_keys: 1,
    cancelled_jobs: 1,
  });
  expect((await call(customer, 'GET', '/api/credits')).status).toBe(401);
  expect((await http().services.jobs.get(null, job.id)).job.state).toBe('cancelled');
  const refusals = [
    ['/api/admin/keys', { account_id: customer.accountId, name: 'another' }],
    [`${url}/grants`, { amount: 1 }],
  ] as const;
  for (const [path, body] of refusals) {
    expect((await call(boss, 'POST', path, body)).json).toMatchObject({ status: 409, remedy: 'reopen it first' });
  }
  expect((await call(boss, 'POST', `${url}/grants`, { amount: -1, reason: 'paid out' })).status).toBe(201);
  expect((await call(boss, 'POST', `${url}/close`)).json).toMatchObject({ account: { balance: 0 }, revoked_keys: 0 });
  expect((await call(boss, 'POST', `${url}/reopen`)).json).toMatchObject({ closed_at: null });
  const key = await call(boss, 'POST', '/api/admin/keys', { account_id: customer.accountId, name: 'another' });
  expect(key.status).toBe(201);
  const own = await call(boss, 'POST', `/api/admin/accounts/${boss.accountId}/close`);
  expect(own.json).toMatchObject({ status: 409, detail: expect.stringContaining('admin key') });
});

test('an account gets a monthly refill, and a wrong one is refused with what is allowed', async () => {
  const boss = await admin();
  const refill = { amount: 10, day: 31, mode: 'top_up' };
  const { json: made } = await call(boss, 'POST', '/api/admin/accounts', { name: 'Refilled', refill });
  expect(made.refill).toEqual({ ...refill, next_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT00:00:00.000Z$/) });
  const change = (refill: unknown) => call(boss, 'PATCH', `/api/admin/accounts/${made.id}`, { refill });
  const wrong = [
    [{ ...refill, day: 32 }, 'day'],
    [{ ...refill, amount: 0 }, 'amount'],
    [{ ...refill, mode: 'cap' }, 'mode'],
    [{ amount: 10 }, 'day'],
  ] as const;
  for (const [terms, word] of wrong) {
    const refused = await change(terms);
    expect([refused.status, refused.json.detail]).toEqual([400, expect.stringContaining(word)]);
  }
  expect((await change({ amount: 5, day: 1, mode: 'add' })).json.refill).toMatchObject({ amount: 5, mode: 'add' });
  expect((await change(null)).json.refill).toBeNull();
});

test('usage over all accounts is added up by account, key, day and model, as JSON and as CSV', async () => {
  const [boss, one, other] = [await admin(), await http().customer(), await http().customer({ name: '=1+1, "x"' })];
  await drawn(one);
  await drawn(one);
  await drawn(other);
  const { json: all } = await call(boss, 'GET', '/api/admin/usage');
  expect(all).toMatchObject({ by: ['account'] });
  const rowOf = ({ accountId }: Customer) =>
    all.rows.find((row: { account_id: string }) => row.account_id === accountId);
  expect(rowOf(one)).toMatchObject({ jobs: 2, images: 2, key: null, day: null, model: null, cost: expect.any(Number) });
  expect(rowOf(one).account).toMatch(/^customer /);
  const { json: own } = await call(boss, 'GET', `/api/admin/usage?account_id=${one.accountId}&by=key,day,model`);
  const today = own.to;
  expect(own.rows).toMatchObject([{ key_id: one.keyId, key: 'key', day: today, model: 'playground-v2.5', jobs: 2 }]);
  const csv = await call(boss, 'GET', `/api/admin/usage?account_id=${other.accountId}&by=key,day&format=csv`);
  expect(csv.headers['content-type']).toBe('text/csv; charset=utf-8; header=present');
  expect(csv.text).toBe(
    `key_id,key,day,jobs,images,cost,refunded\r\n${other.keyId},"'=1+1, ""x""",${today},1,1,0.00001,0\r\n`,
  );
  for (const by of ['price', 'day,day', '']) {
    const refused = await call(boss, 'GET', `/api/admin/usage?by=${by}`);
    expect(refused.json).toMatchObject({ status: 400, detail: expect.stringContaining('account, key, day and model') });
  }
  expect((await call(boss, 'GET', '/api/admin/usage?from=2026-02-01&to=2026-01-01')).status).toBe(400);
  expect((await call(one, 'GET', '/api/admin/usage')).status).toBe(403);
});
