import { jobPageSchema, jobSchema, problemSchema } from '@easel/contract';
import { decodeImage } from '@easel/engine';
import { Check } from 'typebox/schema';
import { expect, test } from 'vitest';
import { pauseQueue, resumeQueue } from '../../src/jobs/queue-control.ts';
import { type Customer, slug, unattended, useHttp } from './http-server.ts';

const http = useHttp();
const small = { prompt: 'a green pear', num_inference_steps: 2, width: 64, height: 64, seed: 11 };

async function create({ json }: Customer, change: object = {}) {
  const reply = await http().app.inject({
    method: 'POST',
    url: '/api/jobs',
    headers: json,
    payload: { ...small, ...change },
  });
  expect(reply.statusCode).toBe(202);
  return reply.json();
}

const get = (url: string, { auth }: Customer) => http().app.inject({ url, headers: auth });

async function finished(id: string, customer: Customer) {
  await expect.poll(async () => (await get(`/api/jobs/${id}`, customer)).json().status).toBe('succeeded');
  return (await get(`/api/jobs/${id}`, customer)).json();
}

test('a job is taken with its price, waits, and has its pictures in the end', async () => {
  const customer = await http().customer();
  const taken = await create(customer, { samples: 2 });
  expect(Check(jobSchema, taken)).toBe(true);
  expect(taken).toMatchObject({ model: slug, seed: 11, price: 0.000003, samples: 2 });
  expect(taken.drawn_by).toBeNull();
  const job = await finished(taken.id, customer);
  expect(Check(jobSchema, job)).toBe(true);
  expect(job.drawn_by).toBe('easel-demo');
  expect(job.images.map(({ seed }: { seed: number }) => seed)).toEqual([11, 12]);
});

test('the own jobs are listed page by page, newest first, and nobody else sees them', async () => {
  const [customer, stranger] = [await http().customer(), await http().customer()];
  const made = [await create(customer), await create(customer, { prompt: 'a blue plum' }), await create(customer)];
  const first = (await get('/api/jobs?limit=2', customer)).json();
  expect(Check(jobPageSchema, first)).toBe(true);
  const rest = (await get(`/api/jobs?limit=2&cursor=${first.next_cursor}`, customer)).json();
  const ids = [...first.jobs, ...rest.jobs].map(({ id }: { id: string }) => id);
  expect(ids).toEqual(made.map(({ id }) => id).reverse());
  expect(rest.next_cursor).toBeNull();
  expect((await get('/api/jobs?q=plum', customer)).json().jobs).toHaveLength(1);
  expect((await get('/api/jobs', stranger)).json().jobs).toEqual([]);
  const foreign = await get(`/api/jobs/${made[0].id}`, stranger);
  expect(foreign.statusCode).toBe(404);
  expect(Check(problemSchema, foreign.json())).toBe(true);
  expect((await get('/api/jobs?cursor=nonsense', customer)).json().param).toBe('cursor');
  for (const { id } of made) await finished(id, customer); // the queue has room for three
});

test('a job is found by the seed of each of its pictures, the one past the largest included, and by its state', async () => {
  const customer = await http().customer();
  const last = 999_999_999_999_999;
  const [four, round] = [await create(customer, { samples: 4 }), await create(customer, { seed: last, samples: 2 })];
  const found = async (query: string) =>
    (await get(`/api/jobs?${query}`, customer)).json().jobs.map(({ id }: { id: string }) => id);
  for (const seed of [11, 12, 14]) expect(await found(`seed=${seed}`), String(seed)).toEqual([four.id]);
  for (const seed of [10, 15, 1]) expect(await found(`seed=${seed}`), String(seed)).toEqual([]);
  for (const seed of [last, 0]) expect(await found(`seed=${seed}`), String(seed)).toEqual([round.id]);
  await finished(round.id, customer);
  const lost = await create(customer, { model: unattended });
  await http().app.inject({ method: 'DELETE', url: `/api/jobs/${lost.id}`, headers: customer.auth });
  expect(await found('status=cancelled')).toEqual([lost.id]);
  expect(await found('status=succeeded')).toContain(round.id);
  await finished(four.id, customer);
  expect(await found('status=cancelled,succeeded&limit=9')).toEqual([lost.id, round.id, four.id]);
  for (const wrong of ['status=finished', 'status=failed,', 'status='])
    expect((await get(`/api/jobs?${wrong}`, customer)).json().param, wrong).toBe('status');
});

test('jobs are found by the time they were taken at, and by whether a picture of them is kept', async () => {
  const customer = await http().customer();
  const job = await finished((await create(customer)).id, customer);
  const lost = await create(customer, { model: unattended });
  await http().app.inject({ method: 'DELETE', url: `/api/jobs/${lost.id}`, headers: customer.auth });
  const found = async (query: string) =>
    (await get(`/api/jobs?${query}`, customer)).json().jobs.map(({ id }: { id: string }) => id);
  const [taken, lostAt] = [job.created_at, lost.created_at].map((at: string) => encodeURIComponent(at));
  expect(await found(`created_after=${taken}`)).toEqual([lost.id, job.id]);
  expect(await found(`created_before=${taken}`)).toEqual([]);
  expect(await found(`created_after=${lostAt}&created_before=9999-12-31T00:00:00Z`)).toContain(lost.id);
  expect(await found('created_after=0000-01-01T00:00:00Z&created_before=1971-01-01T00:00:00Z')).toEqual([]);
  for (const wrong of ['yesterday', '2026-02-30T12:00:00Z', '2016-12-31T23:59:60Z', '2026-01-31', ''])
    expect((await get(`/api/jobs?created_after=${wrong}`, customer)).json().param, wrong).toBe('created_after');
  expect(await found('has_images=true')).toEqual([job.id]);
  expect(await found('has_images=false')).toEqual([lost.id]);
  const url = new URL(job.images[0].url).pathname;
  await http().app.inject({ method: 'DELETE', url, headers: customer.auth });
  expect(await found('has_images=true')).toEqual([]);
});

test('variations have one seed and variation seeds of their own, told, in their files, and found by the one seed', async () => {
  const customer = await http().customer();
  const varied = { seed: 21, samples: 2, variation_strength: 0.2, variation_seed: 90, image_format: 'png' };
  const job = await finished((await create(customer, varied)).id, customer);
  expect(job).toMatchObject({ seed: 21, variation_strength: 0.2, variation_seed: 90 });
  const { images } = job;
  expect(images.map((image: object) => [Reflect.get(image, 'seed'), Reflect.get(image, 'variation_seed')])).toEqual([
    [21, 90],
    [21, 91],
  ]);
  const { rawPayload } = await http().app.inject({ url: new URL(images[1].url).pathname });
  expect(rawPayload.toString('latin1')).toMatch(/Seed: 21, Variation seed strength: 0.2, Variation seed: 91, /);
  const single = { ...varied, samples: 1, variation_seed: 91 };
  const again = await finished((await create(customer, single)).id, customer);
  const bytesOf = async (url: string) => (await http().app.inject({ url: new URL(url).pathname })).rawPayload;
  expect((await bytesOf(again.images[0].url)).equals(rawPayload)).toBe(true);
  expect((await get('/api/jobs?seed=22', customer)).json().jobs).toEqual([]);
  expect((await get('/api/jobs?seed=21', customer)).json().jobs).toHaveLength(2);
  const plain = await create(customer, { seed: 21, variation_seed: 90, variation_strength: 0 });
  expect(plain).toMatchObject({ seed: 21, variation_strength: 0, variation_seed: null });
  const drawn = await create(customer, { seed: 21, variation_strength: 0.5 });
  expect(drawn.variation_seed).toBeGreaterThanOrEqual(0);
  for (const { id } of [plain, drawn]) await finished(id, customer);
});

test('an account cancels all that it has at once, and moves what waits; nobody else does', async () => {
  const [customer, stranger] = [await http().customer(), await http().customer()];
  const post = (url: string, payload: object, { json } = customer) =>
    http().app.inject({ method: 'POST', url, headers: json, payload });
  await pauseQueue(http().jobs.context);
  const [first, second] = [await create(customer), await create(customer)];
  const move = `/api/jobs/${second.id}/move`;
  expect((await post(move, { to: 'first' })).json()).toEqual({ jobs: [second.id, first.id] });
  expect((await post(move, { to: 'first' }, stranger)).statusCode).toBe(404);
  for (const body of [{}, { to: 'first', before: first.id }, { to: 'second' }, { before: 'me' }])
    expect((await post(move, body)).statusCode).toBe(400);
  expect((await post('/api/jobs/cancel', {}, stranger)).json()).toEqual({ cancelled: 0 });
  expect((await post('/api/jobs/cancel', { status: 'running' })).json()).toEqual({ cancelled: 0 });
  expect((await post('/api/jobs/cancel', {})).json()).toEqual({ cancelled: 2 });
  expect((await post(move, { to: 'last' })).json()).toMatchObject({ code: 'conflict' });
  await resumeQueue(http().jobs.context);
});

test('a job can be a favourite, and its pictures can be deleted by nobody but its owner', async () => {
  const [customer, stranger] = [await http().customer(), await http().customer()];
  const { id } = await create(customer);
  const job = await finished(id, customer);
  const patched = await http().app.inject({
    method: 'PATCH',
    url: `/api/jobs/${id}`,
    headers: customer.json,
    payload: { favourite: true },
  });
  expect(patched.json().favourite).toBe(true);
  const url = new URL(job.images[0].url).pathname;
  expect((await http().app.inject({ method: 'DELETE', url, headers: stranger.auth })).statusCode).toBe(404);
  expect((await http().app.inject({ method: 'DELETE', url, headers: customer.auth })).statusCode).toBe(204);
  expect((await http().app.inject({ url })).statusCode).toBe(404);
});

test('by its name the owner of a picture finds its job, and to others it is as if there were none', async () => {
  const [customer, stranger] = [await http().customer(), await http().customer()];
  const job = await finished((await create(customer, { samples: 2 })).id, customer);
  const [, image] = job.images;
  const found = await get(`/api/images/${image.id}/job`, customer);
  expect(found.json()).toEqual(job);
  const [foreign, none] = [
    await get(`/api/images/${image.id}/job`, stranger),
    await get(`/api/images/${'0'.repeat(32)}/job`, stranger),
  ];
  for (const reply of [foreign, none]) {
    expect(reply.statusCode).toBe(404);
    expect(reply.json()).toMatchObject({ code: 'not_found' });
    expect(reply.payload).not.toContain(job.id);
  }
  expect(foreign.json().detail).toBe(none.json().detail.replace('0'.repeat(32), image.id));
  expect((await http().app.inject({ url: `/api/images/${image.id}/job` })).statusCode).toBe(401);
});

test('a job that has ended is forgotten by its owner, pictures and all; what it cost stays in the ledger', async () => {
  const [customer, stranger] = [await http().customer(), await http().customer()];
  const { id } = await create(customer);
  const url = `/api/jobs/${id}/record`;
  const forget = ({ auth }: typeof customer) => http().app.inject({ method: 'DELETE', url, headers: auth });
  const ask = (address: string) => http().app.inject({ url: address, headers: customer.auth });
  const job = await finished(id, customer);
  expect((await forget(stranger)).statusCode).toBe(404);
  expect((await forget(customer)).statusCode).toBe(204);
  expect((await forget(customer)).statusCode).toBe(404);
  expect((await ask(`/api/jobs/${id}`)).statusCode).toBe(404);
  expect((await ask(new URL(job.images[0].url).pathname)).statusCode).toBe(404);
  expect((await ask('/api/jobs')).json().jobs).toEqual([]);
  expect(JSON.stringify((await ask('/api/ledger')).json())).toContain(id);
});

test('a job that waits is cancelled before it can be forgotten', async () => {
  const customer = await http().customer();
  const { id } = await create(customer, { model: unattended });
  const url = `/api/jobs/${id}/record`;
  const refused = await http().app.inject({ method: 'DELETE', url, headers: customer.auth });
  expect(refused.statusCode).toBe(409);
  expect(refused.json().detail).toMatch(/has not ended \(it is queued\)/);
  expect(refused.json().remedy).toBe('cancel it first');
  await http().app.inject({ method: 'DELETE', url: `/api/jobs/${id}`, headers: customer.auth });
  expect((await http().app.inject({ method: 'DELETE', url, headers: customer.auth })).statusCode).toBe(204);
});

test('what an account is told is kept by nobody on the way', async () => {
  const customer = await http().customer();
  for (const url of ['/api/jobs', '/api/credits', '/api/nothing']) {
    const { headers } = await http().app.inject({ url, headers: customer.auth });
    expect(headers, url).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
  }
});

test('a picture can be read in parts, asked for again, and looked at without its bytes', async () => {
  const customer = await http().customer();
  const job = await finished((await create(customer)).id, customer);
  const url = new URL(job.images[0].url).pathname;
  const whole = await http().app.inject({ url });
  expect(whole.headers).toMatchObject({
    'content-type': 'image/jpeg',
    'cache-control': 'private, max-age=31536000, immutable',
    'accept-ranges': 'bytes',
  });
  const size = whole.rawPayload.length;
  expect(size).toBe(job.images[0].file_size);
  const part = await http().app.inject({ url, headers: { range: 'bytes=10-19' } });
  expect(part.statusCode).toBe(206);
  expect(part.headers['content-range']).toBe(`bytes 10-19/${size}`);
  expect(part.rawPayload.equals(whole.rawPayload.subarray(10, 20))).toBe(true);
  const beyond = await http().app.inject({ url, headers: { range: `bytes=${size}-` } });
  expect([beyond.statusCode, beyond.headers['content-range']]).toEqual([416, `bytes */${size}`]);
  const again = await http().app.inject({ url, headers: { 'if-none-match': String(whole.headers.etag) } });
  expect([again.statusCode, again.payload]).toEqual([304, '']);
  const head = await http().app.inject({ method: 'HEAD', url });
  expect([head.statusCode, head.headers['content-length'], head.payload]).toEqual([200, String(size), '']);
  const changed = await http().app.inject({ url, headers: { range: 'bytes=0-1', 'if-range': '"other"' } });
  expect([changed.statusCode, changed.rawPayload.length]).toEqual([200, size]);
  expect((await http().app.inject({ url: url.replace('.jpg', '.png') })).statusCode).toBe(404);
  expect((await http().app.inject({ url: url.replace('.jpg', '') })).statusCode).toBe(200);
});

test('a picture comes as a small WebP of its own where a list asks for one, for as long as it is kept', async () => {
  const customer = await http().customer();
  const job = await finished((await create(customer, { width: 256, height: 128 })).id, customer);
  const url = new URL(job.images[0].url).pathname;
  const [small, again] = await Promise.all([1, 2].map(() => http().app.inject({ url: `${url}?w=160` })));
  expect(small?.headers).toMatchObject({
    'content-type': 'image/webp',
    'cache-control': 'private, max-age=31536000, immutable',
  });
  expect(await decodeImage(small?.rawPayload ?? Buffer.of())).toMatchObject({ width: 160, height: 80 });
  expect(again?.rawPayload.equals(small?.rawPayload ?? Buffer.of())).toBe(true);
  // It is not made larger than it is.
  const large = await http().app.inject({ url: `${url}?w=640` });
  expect(await decodeImage(large.rawPayload)).toMatchObject({ width: 256, height: 128 });
  const other = await http().app.inject({ url: `${url}?w=161` });
  expect([other.statusCode, other.json().param]).toEqual([400, 'w']);
  await http().app.inject({ method: 'DELETE', url, headers: customer.auth });
  expect((await http().app.inject({ url: `${url}?w=160` })).statusCode).toBe(404);
});

test('with store: false the picture goes once a client has it', async () => {
  const customer = await http().customer();
  const { id } = await create(customer, { store: false });
  const url = new URL((await finished(id, customer)).images[0].url).pathname;
  const head = await http().app.inject({ method: 'HEAD', url });
  expect([head.statusCode, head.headers['cache-control']]).toEqual([200, 'private, no-store']);
  expect((await http().app.inject({ url })).statusCode).toBe(200);
  await expect.poll(async () => (await http().app.inject({ url })).statusCode).toBe(404);
});

test('a grant is taken back with a reason, once under its key, and every row says what the account could spend after it', async () => {
  const [admin, other] = [await http().customer({ scopes: ['admin'] }), await http().customer()];
  const url = `/api/admin/accounts/${other.accountId}/grants`;
  const send = (payload: object, more: Record<string, string> = {}) =>
    http().app.inject({ method: 'POST', url, headers: { ...admin.json, ...more }, payload });
  const key = { 'idempotency-key': 'correction 7' };
  const correction = { amount: -0.25, reason: 'granted twice' };
  const first = await send(correction, key);
  expect(first.statusCode).toBe(201);
  expect(first.json()).toMatchObject({ amount: -0.25, note: 'granted twice', remaining: 0.75 });
  expect((await send(correction, key)).json()).toEqual(first.json());
  const refusals = [
    [{ amount: -0.5, reason: 'granted twice' }, key, 409, /used for another grant, of -0.25 credits/],
    [{ amount: -0.1 }, {}, 400, /needs a reason/],
    [{ amount: -0.76, reason: 'all of it' }, {}, 406, /0.75 credits are available/],
    [{ amount: 0, reason: 'none' }, {}, 400, /amount must be/],
  ] as const;
  for (const [body, more, status, words] of refusals) {
    const refused = await send(body, more);
    expect([refused.statusCode, refused.json().detail]).toEqual([status, expect.stringMatching(words)]);
  }
  await finished((await create(other)).id, other);
  const { entries } = (await get('/api/ledger', other)).json();
  expect(entries).toMatchObject([
    { kind: 'charge', amount: 0, amount_charged: 0.000002, remaining: 0.749998, note: null },
    { kind: 'hold', amount: -0.000002, amount_charged: 0, remaining: 0.749998 },
    { kind: 'grant', amount: -0.25, amount_charged: 0, remaining: 0.75, note: 'granted twice', job_id: null },
    { kind: 'grant', amount: 1, amount_charged: 0, remaining: 1 },
  ]);
});

test('prices, tokens, models, credits, usage and ledger', async () => {
  const customer = await http().customer();
  await finished((await create(customer)).id, customer);
  expect(
    (await get('/api/price?samples=2&num_inference_steps=25&width=128&height=128', customer)).json(),
  ).toMatchObject({
    price: 0.000116,
    model: slug,
  });
  const tokens = await http().app.inject({
    method: 'POST',
    url: '/api/tokenize',
    headers: customer.json,
    payload: { text: 'a red apple' },
  });
  expect(tokens.json()).toMatchObject({
    encoders: [{ count: 3, truncated: '' }, { count: 3 }],
    foreign_syntax: [],
  });
  const foreign = await http().app.inject({
    method: 'POST',
    url: '/api/tokenize',
    headers: customer.json,
    payload: { text: 'a (red:1.4) apple (on a plate)' },
  });
  expect(foreign.json().foreign_syntax).toEqual([{ what: 'weight', text: '(red:1.4)' }]);
  const { models } = (await get('/api/models', customer)).json();
  expect(models[0]).toMatchObject({ id: slug, name: 'easel-demo', is_default: true, is_embedded: true });
  expect(models[0].licence).toMatchObject({
    name: 'mit',
    attributions: [expect.stringContaining('Fluent Emoji'), expect.anything()],
  });
  expect((await get('/api/credits', customer)).json()).toMatchObject({
    balance: 0.999998,
    held: 0,
    spent_this_month: 0.000002,
  });
  const usage = (await get('/api/usage?group=model', customer)).json();
  expect(usage).toMatchObject({ rows: [{ group: slug, jobs: 1, images: 1, cost: 0.000002 }], total: { jobs: 1 } });
  const page = (await get('/api/ledger?limit=2', customer)).json();
  expect(page.entries.map(({ kind }: { kind: string }) => kind)).toEqual(['charge', 'hold']);
  const next = (await get(`/api/ledger?limit=2&cursor=${page.next_cursor}`, customer)).json();
  expect(next).toMatchObject({ entries: [{ kind: 'grant', amount: 1 }], next_cursor: null });
});

function without<Name extends string>(body: Record<Name, unknown>, name: Name): object {
  return Object.fromEntries(Object.entries(body).filter(([field]) => field !== name));
}

test('an admin makes accounts and keys, gives credits, sees all jobs and rules the queue; others do not', async () => {
  const [admin, other] = [await http().customer({ scopes: ['admin'] }), await http().customer()];
  const post = (url: string, payload: object | undefined, { json, auth } = admin) =>
    http().app.inject(
      payload ? { method: 'POST', url, headers: json, payload } : { method: 'POST', url, headers: auth },
    );
  const account = (await post('/api/admin/accounts', { name: 'Design' })).json();
  expect((await post('/api/admin/accounts', { name: 'Design' })).statusCode).toBe(409);
  const key = (await post('/api/admin/keys', { account_id: account.id, name: 'site', monthly_budget: 0.5 })).json();
  expect(key).toMatchObject({ scopes: ['generate', 'read'], monthly_budget: 0.5, spent_this_month: 0 });
  const grant = (await post('/api/admin/grants', { account_id: account.id, amount: 1.5, note: 'May' })).json();
  expect(grant).toMatchObject({ amount: 1.5, remaining: 1.5, note: 'May' });
  const auth = { 'x-api-key': key.key };
  expect((await http().app.inject({ url: '/api/credits', headers: auth })).json()).toMatchObject({
    balance: 1.5,
    monthly_budget: 0.5,
  });
  const patch = (url: string, payload: object) =>
    http().app.inject({ method: 'PATCH', url, headers: admin.json, payload });
  const changed = (await patch(`/api/admin/keys/${key.id}`, { monthly_budget: null, models: [unattended] })).json();
  expect(changed).toEqual({
    ...without(key, 'key'),
    monthly_budget: null,
    models: [unattended],
    last_used_at: expect.any(String),
  });
  const mistyped = { account_id: account.id, name: 'typo', models: [slug, 'playgruond'] };
  for (const refused of [
    await post('/api/admin/keys', mistyped),
    await patch(`/api/admin/keys/${key.id}`, { models: mistyped.models }),
  ]) {
    expect(refused.json()).toMatchObject({
      status: 404,
      param: 'models',
      detail: 'there is no model "playgruond" here',
      remedy: `there are: ${slug}, ${unattended}`,
    });
  }
  const elsewhere = {
    method: 'POST',
    url: '/api/jobs',
    headers: { ...admin.json, ...auth },
    payload: { prompt: 'a' },
  } as const;
  expect((await http().app.inject(elsewhere)).statusCode).toBe(403);
  const past = { expires_at: '2020-01-01T00:00:00Z' };
  expect((await patch(`/api/admin/keys/${key.id}`, past)).json().expires_at).toBe('2020-01-01T00:00:00.000Z');
  expect((await http().app.inject({ url: '/api/credits', headers: auth })).json().detail).toContain('expired');
  const leap = { expires_at: '2016-12-31T23:59:60.5Z' }; // RFC 3339 has it
  expect((await patch(`/api/admin/keys/${key.id}`, leap)).json().expires_at).toBe('2017-01-01T00:00:00.500Z');
  // In UTC these are years of five digits, and one before the first.
  for (const expires_at of ['9999-12-31T23:59:59-05:00', '9999-12-31T23:59:60Z', '0000-01-01T00:00:00+05:00'])
    expect((await patch(`/api/admin/keys/${key.id}`, { expires_at })).json()).toMatchObject({
      status: 400,
      param: 'expires_at',
    });
  expect((await patch(`/api/admin/keys/${key.id}`, { expires_at: null })).json().expires_at).toBeNull();
  const renamed = await patch(`/api/admin/accounts/${account.id}`, { name: 'Studio', max_concurrent: 2 });
  expect(renamed.json()).toEqual({ ...account, name: 'Studio', max_concurrent: 2, balance: 1.5, remaining: 1.5 });
  expect((await patch(`/api/admin/accounts/${account.id}`, {})).statusCode).toBe(400);
  expect((await patch(`/api/admin/accounts/${other.accountId}`, { name: 'Studio' })).statusCode).toBe(409);
  expect((await patch(`/api/admin/accounts/${key.id}`, { name: 'Nobody' })).statusCode).toBe(404);
  const revoked = await http().app.inject({ method: 'DELETE', url: `/api/admin/keys/${key.id}`, headers: admin.auth });
  expect(revoked.json().revoked_at).not.toBeNull();
  expect((await http().app.inject({ url: '/api/credits', headers: auth })).statusCode).toBe(401);
  const job = await create(other, { model: unattended });
  const { jobs } = (await get(`/api/admin/jobs?account_id=${other.accountId}&status=queued`, admin)).json();
  expect(jobs).toMatchObject([{ id: job.id, account_id: other.accountId, key_id: other.keyId }]);
  const cancelled = await http().app.inject({
    method: 'DELETE',
    url: `/api/admin/jobs/${job.id}`,
    headers: admin.auth,
  });
  expect(cancelled.json()).toMatchObject({ status: 'cancelled', account_id: other.accountId });
  const ledger = (await get(`/api/admin/accounts/${other.accountId}/ledger`, admin)).json();
  expect(ledger.entries.map(({ kind }: { kind: string }) => kind)).toEqual(['release', 'hold', 'grant']);
  const usage = (await get(`/api/admin/accounts/${other.accountId}/usage`, admin)).json();
  expect(usage.total).toEqual({ jobs: 0, images: 0, cost: 0, refunded: 0 });
  for (const what of ['ledger', 'usage']) {
    expect((await get(`/api/admin/accounts/${job.id}/${what}`, admin)).statusCode).toBe(404);
    expect((await get(`/api/admin/accounts/${other.accountId}/${what}`, other)).statusCode).toBe(403);
  }
  expect((await post('/api/admin/queue/pause', undefined)).json().state).toBe('paused');
  expect((await post('/api/admin/queue/resume', undefined)).json().state).toBe('running');
  for (const url of ['accounts', 'keys', 'jobs', 'queue', 'workers']) {
    expect((await get(`/api/admin/${url}`, admin)).statusCode, url).toBe(200);
    expect((await get(`/api/admin/${url}`, other)).statusCode, url).toBe(403);
  }
});

test('health, readiness and metrics need no key; what is not ready is 503', async () => {
  expect((await http().app.inject({ url: '/healthz' })).json()).toEqual({ status: 'ok' });
  const ready = await http().app.inject({ url: '/readyz' });
  expect([ready.statusCode, ready.json().checks[0].message]).toEqual([503, 'gone']);
  expect((await http().app.inject({ url: '/metrics' })).payload).toBe('easel_up 1\n');
});
