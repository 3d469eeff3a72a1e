import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { expectSoundLedger } from '../ledger/ledger-invariants.ts';
import { type Customer, unattended, useHttp } from './http-server.ts';

const http = useHttp();
const small = { prompt: 'an apple', num_inference_steps: 20, width: 64, height: 64 };

async function listen(): Promise<string> {
  return (await http().build({})).listen({ host: '127.0.0.1', port: 0 });
}

const post = (base: string, path: string, { json }: Customer, body: object, more: Record<string, string> = {}) =>
  fetch(base + path, { method: 'POST', headers: { ...json, ...more }, body: JSON.stringify(body) });

/** @returns its id */
async function submit(base: string, customer: Customer): Promise<string> {
  const job: unknown = await (await post(base, '/api/jobs', customer, waiting)).json();
  expect(job).toMatchObject({ status: 'queued' });
  return typeof job === 'object' && job !== null && 'id' in job ? String(job.id) : '';
}

const waiting = { ...small, model: unattended };
const jobsOf = async ({ accountId }: Customer) => (await http().services.jobs.list({ accountId, limit: 10 })).jobs;

async function queued(customer: Customer, count: number): Promise<void> {
  await expect.poll(async () => (await jobsOf(customer)).length).toBe(count);
}

test('revoking a key ends its streams and cancels its waiting jobs, which are refunded; other keys go on', async () => {
  const base = await listen();
  const [customer, other] = [await http().customer(), await http().customer()];
  const id = await submit(base, customer);
  const kept = await submit(base, other);
  const stream = await fetch(`${base}/api/jobs/${id}/events`, { headers: customer.auth });
  const all = await fetch(`${base}/api/events`, { headers: customer.auth });
  expect([stream.status, all.status]).toEqual([200, 200]);
  await http().services.keys.revoke(customer.keyId);
  // It ends, or this would wait for ever.
  await Promise.all([stream.text(), all.text()]);
  const again = await fetch(`${base}/api/jobs/${id}/events`, { headers: customer.auth });
  expect(again.status).toBe(401);
  const states = async (who: Customer) => (await jobsOf(who)).map((view) => view.job.state);
  expect(await states(customer)).toEqual(['cancelled']);
  expect(await http().services.credits.balance(customer.accountId)).toEqual({ available: 1_000_000n, held: 0n });
  expect(await states(other)).toEqual(['queued']);
  await http().services.cancelJob(null, kept);
  await expectSoundLedger(http().jobs.database);
});

test('a synchronous request whose key is revoked is answered 401, on each surface, and is not charged', async () => {
  const base = await listen();
  const sync = [
    [`/v1/${unattended}`, small],
    ['/v1/images/generations', { prompt: 'an apple', model: unattended, size: '64x64' }],
    ['/v1/images/generations', { prompt: 'an apple', model: unattended, size: '64x64', stream: true }],
  ] as const;
  for (const [path, body] of sync) {
    const customer = await http().customer();
    const asking = post(base, path, customer, body, { 'idempotency-key': `revoked ${path}` });
    await queued(customer, 1);
    await http().services.keys.revoke(customer.keyId);
    const reply = await asking;
    const text = await reply.text();
    expect(text, path).toMatch(/was revoked/);
    if (!('stream' in body)) expect(reply.status).toBe(401);
    expect((await jobsOf(customer)).map((view) => view.job.state)).toEqual(['cancelled']);
    expect(await http().services.credits.balance(customer.accountId)).toEqual({ available: 1_000_000n, held: 0n });
  }
});

test('a stream ends when its key expires, and the job that was taken before is still done', async () => {
  const base = await listen();
  const customer = await http().customer();
  const id = await submit(base, customer);
  const stream = await fetch(`${base}/api/jobs/${id}/events`, { headers: customer.auth });
  await http().services.keys.change(customer.keyId, { expiresAt: new Date('2026-01-01T00:00:00Z') });
  await stream.text();
  expect((await jobsOf(customer)).map((view) => view.job.state)).toEqual(['queued']);
  await http().services.cancelJob(null, id);
});

test('a key that is revoked while its requests are on their way gets no job in, however they meet', async () => {
  for (let round = 0; round < 10; round++) {
    const customer = await http().customer();
    const send = () =>
      http().app.inject({ method: 'POST', url: '/api/jobs', headers: customer.json, payload: waiting });
    await Promise.all([send(), http().services.keys.revoke(customer.keyId), send(), send()]);
    expect((await jobsOf(customer)).filter(({ job }) => job.state === 'queued')).toEqual([]);
  }
});

test('a client that is gone before its request is handled leaves no watch of its key behind, and no job', async () => {
  const { services, build } = http();
  let closed = 0;
  let known = 0;
  let watched = 0;
  const clients = 8;
  const app = await build(
    {},
    {
      keys: {
        ...services.keys,
        async authenticate(text, address) {
          await expect.poll(() => closed).toBe(clients);
          const caller = await services.keys.authenticate(text, address);
          known += 1;
          return caller;
        },
      },
      watchKey(keyId) {
        const ending = services.watchKey(keyId);
        watched += 1;
        return {
          signal: ending.signal,
          [Symbol.dispose]() {
            watched -= 1;
            ending[Symbol.dispose]();
          },
        };
      },
    },
  );
  app.server.on('connection', (socket) => socket.once('close', () => (closed += 1)));
  const { port } = new URL(await app.listen({ host: '127.0.0.1', port: 0 }));
  const customer = await http().customer();
  const key = `x-api-key: ${customer.auth['x-api-key']}`;
  const body = JSON.stringify(small);
  for (let client = 0; client < clients; client += 1) {
    const request =
      client % 2 === 0
        ? ['GET /api/events HTTP/1.1', 'host: here', key, '', '']
        : [
            `POST /v1/${unattended} HTTP/1.1`,
            'host: here',
            key,
            'content-type: application/json',
            `content-length: ${body.length}`,
            '',
            body,
          ];
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('error', () => {});
    socket.write(request.join('\r\n'), () => socket.destroy());
  }
  await expect.poll(() => known).toBe(clients);
  await app.close(); // when all of them have been dealt with
  await expect.poll(() => watched).toBe(0);
  await expect.poll(async () => (await jobsOf(customer)).filter(({ job }) => job.state !== 'cancelled')).toEqual([]);
});
