import { expect, test } from 'vitest';
import { EaselConnectionError } from '../src/index.ts';
import { answeringServer, sendEvents, sendJson } from './answering-server.ts';

const job = { id: 'j1' };
const step = (index: number) => `id: ${index}\nevent: step\ndata: {"index":${index},"total":2}\n\n`;
const end = 'id: 3\nevent: succeeded\ndata: {"job":{"id":"j1"}}\n\n';

test('whoever leaves while the job is being taken has it cancelled all the same', async () => {
  const leaving = new AbortController();
  const { client, requests } = await answeringServer((request, reply) => {
    if (request.method === 'POST') leaving.abort(new Error('enough'));
    sendJson(reply, job, request.method === 'POST' ? 202 : 200);
  });
  await expect(client().jobs.run({ prompt: 'a' }, { signal: leaving.signal })).rejects.toThrow('enough');
  expect(requests).toEqual(['POST /api/jobs', 'DELETE /api/jobs/j1']);
});

test('whoever has left before the start sends nothing', async () => {
  const { client, requests } = await answeringServer((_, reply) => sendJson(reply, job));
  const signal = AbortSignal.abort(new Error('enough'));
  await expect(client().jobs.run({ prompt: 'a' }, { signal })).rejects.toThrow('enough');
  expect(requests).toEqual([]);
});

test.each(['POST', 'DELETE'])(
  'a server that leaves %s without a reply keeps nobody who wants to go',
  async (silent) => {
    const leaving = new AbortController();
    const { client, requests } = await answeringServer((request, reply) => {
      if (request.method === silent) return silent === 'POST' ? leaving.abort(new Error('enough')) : undefined;
      if (request.method === 'POST') return sendJson(reply, job, 202);
      reply.writeHead(200, { 'content-type': 'text/event-stream' }).write(': connected\n\n');
      leaving.abort(new Error('enough'));
    });
    await expect(client().jobs.run({ prompt: 'a' }, { signal: leaving.signal })).rejects.toThrow('enough');
    expect(requests.at(-1)).toMatch(silent);
  },
);

test('a stream that ends early is resumed after its last event', async () => {
  const resumed: unknown[] = [];
  const { client } = await answeringServer((request, reply) => {
    resumed.push(request.headers['last-event-id']);
    sendEvents(reply, resumed.length === 1 ? `retry: 1\n\n${step(1)}${step(2)}data: {"cut` : end);
  });
  const names: string[] = [];
  for await (const { event } of client().jobs.events('j1')) names.push(event);
  expect(names).toEqual(['step', 'step', 'succeeded']);
  expect(resumed).toEqual([undefined, '2']);
});

test('events of a newer server are passed over', async () => {
  const { client } = await answeringServer((_, reply) => sendEvents(reply, `event: toString\ndata: 1\n\n${end}`));
  const names: string[] = [];
  for await (const { event } of client().jobs.events('j1')) names.push(event);
  expect(names).toEqual(['succeeded']);
});

test('a server that only ever ends its streams is given up once patience is over', async () => {
  const { client, requests } = await answeringServer((_, reply) => sendEvents(reply, ''));
  const events = client().jobs.events('j1', { patienceMs: 1 });
  await expect(events.next()).rejects.toBeInstanceOf(EaselConnectionError);
  expect(requests.length).toBeGreaterThan(1);
});

test('signs of life are enough for patience to begin anew', async () => {
  let streams = 0;
  const { client } = await answeringServer((_, reply) => {
    streams += 1;
    sendEvents(reply, streams < 4 ? ': heartbeat\nretry: 50\n\n' : end);
  });
  expect((await client().jobs.events('j1', { patienceMs: 40 }).next()).value).toMatchObject({ event: 'succeeded' });
});

test.each([
  ['a page', 'text/html', '<h1>Welcome</h1>'],
  ['an event that is no JSON', 'text/event-stream', 'event: step\ndata: <h1>\n\n'],
])('%s in place of events is an error at once', async (_what, contentType, text) => {
  const { client, requests } = await answeringServer((_, reply) => {
    reply.writeHead(200, { 'content-type': contentType }).end(text);
  });
  await expect(client().jobs.events('j1').next()).rejects.toMatchObject({ name: 'EaselError', code: 'unknown' });
  expect(requests).toHaveLength(1);
});

test('the events of all jobs go on after the place where the stream broke off, before the first event as well', async () => {
  const resumed: unknown[] = [];
  const texts = ['id: 40\n\n', ': connected\n\nid: 41\nevent: succeeded\ndata: {"job":{"id":"j1"}}\n\n', step(9)];
  const { client, requests } = await answeringServer((request, reply) => {
    resumed.push(request.headers['last-event-id']);
    sendEvents(reply, `retry: 1\n\n${texts[resumed.length - 1] ?? ''}`);
  });
  const got: unknown[] = [];
  for await (const { event, lastEventId } of client().events({ preview: false })) {
    got.push([event, lastEventId]);
    if (event === 'step') break;
  }
  expect(got).toEqual([
    ['succeeded', '41'],
    ['step', '9'],
  ]);
  expect(resumed).toEqual([undefined, '40', '41']);
  expect(requests[0]).toBe('GET /api/events?preview=false');
});
