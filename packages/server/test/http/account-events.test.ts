import { accountEventSchemas, isJobEventName } from '@easel/contract';
import { Check } from 'typebox/schema';
import { expect, onTestFinished, test } from 'vitest';
import { readEventStream } from '../../../client/src/event-stream.ts';
import { type Customer, unattended, useHttp } from './http-server.ts';

const http = useHttp();
const small = { prompt: 'a yellow lemon', num_inference_steps: 4, width: 64, height: 64, seed: 5, preview: true };

async function jobOf({ json }: Pick<Customer, 'json'>, change: object = {}): Promise<string> {
  const payload = { ...small, ...change };
  return (await http().app.inject({ method: 'POST', url: '/api/jobs', headers: json, payload })).json().id;
}

interface Event {
  readonly event: string;
  readonly data: { readonly job: { readonly id: string }; readonly preview?: string };
  readonly lastEventId: string;
}

async function listen(options: Parameters<ReturnType<typeof http>['build']>[0] = {}): Promise<string> {
  const app = await http().build(options);
  return app.listen({ host: '127.0.0.1', port: 0 });
}

/** Opens a stream that is read until `close`, or the end of the test. */
async function open(url: string, headers: Record<string, string>, query = '') {
  const closing = new AbortController();
  const reply = await fetch(`${url}/api/events${query}`, { headers, signal: closing.signal });
  const events: Event[] = [];
  let place = '';
  const read = (async () => {
    if (reply.body === null) throw new Error('the stream has no body');
    const on = { id: (id: string) => (place = id || place) };
    for await (const { event, data, lastEventId } of readEventStream(reply.body, on)) {
      events.push({ event, data: JSON.parse(data), lastEventId });
    }
  })().catch((error: unknown) => {
    if (!closing.signal.aborted) throw error;
  });
  const close = async () => {
    closing.abort();
    await read;
  };
  onTestFinished(close);
  return { reply, events, close, place: () => place };
}

const endsOf = (events: readonly Event[]) =>
  events.flatMap(({ event, data }) => (event === 'succeeded' ? [data.job.id] : []));

test('one stream tells all that happens to the jobs of an account in the words of the contract, and can be resumed', async () => {
  const url = await listen();
  const customer = await http().customer();
  const stream = await open(url, customer.auth);
  expect(stream.reply.headers.get('content-type')).toBe('text/event-stream');
  expect(stream.reply.headers.get('cache-control')).toBe('no-store');
  expect(stream.reply.headers.get('x-remaining-credits')).toBe('1');
  await expect.poll(stream.place).toMatch(/^\d+$/);
  const ids = [await jobOf(customer), await jobOf(customer)];
  await jobOf(await http().customer());
  await expect.poll(() => endsOf(stream.events)).toEqual(ids);
  for (const { event, data } of stream.events) {
    expect(isJobEventName(event) && Check(accountEventSchemas[event], data), `${event} ${JSON.stringify(data)}`).toBe(
      true,
    );
    expect(ids).toContain(data.job.id);
  }
  expect(stream.events.some(({ data }) => data.preview?.startsWith('data:image/jpeg;base64,'))).toBe(true);
  const firstEnd = stream.events.find(({ event }) => event === 'succeeded');
  const resumed = await open(url, { ...customer.auth, 'last-event-id': firstEnd?.lastEventId ?? '' });
  await expect.poll(() => endsOf(resumed.events)).toEqual(ids.slice(1));
  const anew = await open(url, customer.auth);
  await expect.poll(anew.place).toBe(stream.events.findLast(({ event }) => event === 'succeeded')?.lastEventId);
  expect(anew.events).toEqual([]);
});

test('previews can be left out', async () => {
  const url = await listen();
  const customer = await http().customer();
  const stream = await open(url, customer.auth, '?preview=false');
  const id = await jobOf(customer, { num_inference_steps: 20 });
  await expect.poll(() => endsOf(stream.events)).toEqual([id]);
  expect(stream.events.some(({ event }) => event === 'step')).toBe(true);
  expect(stream.events.filter(({ data }) => 'preview' in data)).toEqual([]);
});

test('the stream asks for the same key as the list of jobs, and refuses what it does not know', async () => {
  const { app, customer } = http();
  const making = await customer({ scopes: ['generate'] });
  for (const url of ['/api/events', '/api/jobs']) {
    expect((await app.inject({ url, headers: making.auth })).statusCode).toBe(403);
    expect((await app.inject({ url })).statusCode).toBe(401);
  }
  const { auth } = await customer();
  const refused = await app.inject({ url: '/api/events', headers: { ...auth, 'last-event-id': 'x' } });
  expect(refused.statusCode).toBe(400);
  expect((await app.inject({ url: '/api/events?previews=1', headers: auth })).statusCode).toBe(400);
  const head = await app.inject({ method: 'HEAD', url: '/api/events', headers: auth });
  expect([head.statusCode, head.headers['content-type']]).toEqual([200, 'text/event-stream']);
});

test('a key has a bounded number of streams, all keys together have, and a stream that is closed makes room', async () => {
  const url = await listen({ streamsPerKey: 2, streams: 3 });
  const [one, other] = [await http().customer(), await http().customer()];
  const first = await open(url, one.auth);
  await open(url, one.auth);
  const id = await jobOf(one, { model: unattended });
  for (const path of ['/api/events', `/api/jobs/${id}/events`]) {
    const refused = await fetch(`${url}${path}`, { headers: one.auth });
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(await refused.json()).toMatchObject({
      code: 'rate_limited',
      detail: 'this key has 2 event streams open, which is its limit of 2',
      remedy: 'close one, or follow all jobs with a single GET /api/events',
    });
  }
  await open(url, other.auth);
  const full = await fetch(`${url}/api/events`, { headers: other.auth });
  expect(full.status).toBe(503);
  expect(await full.json()).toMatchObject({ code: 'overloaded' });
  await first.close();
  await expect.poll(async () => (await open(url, one.auth)).reply.status).toBe(200);
  await http().services.cancelJob(one.accountId, id);
});

test('a flood of streams of one key keeps nobody else from asking, following and getting pictures', async () => {
  const url = await listen({ streamsPerKey: 50 });
  const flooding = await http().customer();
  const id = await jobOf(flooding, { model: unattended });
  const leaving = new AbortController();
  onTestFinished(() => leaving.abort());
  const asked = Array.from({ length: 70 }, () =>
    fetch(`${url}/api/jobs/${id}/events`, { headers: flooding.auth, signal: leaving.signal }),
  );
  const statuses = (await Promise.all(asked)).map(({ status }) => status);
  expect(statuses.filter((status) => status === 200)).toHaveLength(50);
  expect(statuses.filter((status) => status === 429)).toHaveLength(20);
  const other = await http().customer();
  for (let request = 0; request < 5; request += 1) {
    expect((await fetch(`${url}/api/jobs`, { headers: other.auth })).status).toBe(200);
  }
  const stream = await open(url, other.auth);
  const made = await jobOf(other);
  await expect.poll(() => endsOf(stream.events)).toEqual([made]);
  await http().services.cancelJob(flooding.accountId, id);
});
