import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { EaselConnectionError, EaselError } from '../src/index.ts';
import { answeringServer, breakOff, sendJson } from './answering-server.ts';

test('a server that is busy is asked again when it says so, and no more than twice', async () => {
  let replies = 0;
  const problem = { code: 'overloaded', detail: 'the queue is full' };
  const { client, requests } = await answeringServer((_, reply) => {
    replies += 1;
    if (replies === 2) sendJson(reply, { models: [] });
    else sendJson(reply, problem, 503, { 'retry-after': '0' });
  });
  expect(await client().models()).toEqual({ models: [] });
  expect(requests).toHaveLength(2);
  await expect(client().models()).rejects.toMatchObject({
    status: 503,
    code: 'overloaded',
    message: 'the queue is full',
    retryAfter: 0,
  });
  expect(requests).toHaveLength(5);
  await expect(client().jobs.create({ prompt: 'a' })).rejects.toBeInstanceOf(EaselError);
  expect(requests).toHaveLength(6);
});

test('a picture or a reply that breaks off is fetched again', async () => {
  let replies = 0;
  const { client, requests } = await answeringServer((request, reply) => {
    replies += 1;
    const isPicture = request.url?.startsWith('/api/images') === true;
    if (replies % 3 !== 0) breakOff(reply, isPicture ? 'image/png' : 'application/json', '{"a');
    else if (isPicture) reply.writeHead(200, { 'content-type': 'image/png' }).end('whole');
    else sendJson(reply, { models: [] });
  });
  const { bytes, contentType } = await client().images.get('x');
  expect([new TextDecoder().decode(bytes), contentType]).toEqual(['whole', 'image/png']);
  expect(await client().models()).toEqual({ models: [] });
  expect(requests).toHaveLength(6);
  await expect(client({ retries: 0 }).images.get('x')).rejects.toBeInstanceOf(EaselConnectionError);
});

test('a server of another kind is not taken for one that is gone', async () => {
  const { client, requests } = await answeringServer((_, reply) => {
    reply.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Welcome</h1>');
  });
  const refusal = client().models();
  await expect(refusal).rejects.toMatchObject({ name: 'EaselError', status: 200, code: 'unknown' });
  await expect(refusal).rejects.toThrow('is not from an Easel server');
  expect(requests).toHaveLength(1);
});

test.each(['SG_secret\nline', 'SG_secret…', 'SG_secret word', ''])(
  'a key that cannot be sent, %j, is not in the error',
  async (apiKey) => {
    const { client, requests } = await answeringServer((_, reply) => sendJson(reply, {}));
    const error: unknown = await client({ apiKey })
      .models()
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ message: expect.stringMatching(/API key/) });
    expect(inspect(error)).not.toContain('secret'); // its causes too
    expect(requests).toEqual([]);
  },
);

test('an idempotency key that cannot be sent is named, and nothing is sent', async () => {
  const { client, requests } = await answeringServer((_, reply) => sendJson(reply, {}));
  await expect(client().jobs.create({ prompt: 'a' }, { idempotencyKey: '№ 7' })).rejects.toThrow('got "№ 7"');
  expect(requests).toEqual([]);
});

test('a password in the address is not in the error', async () => {
  const error: unknown = await (await answeringServer(() => {}))
    .client({ baseUrl: 'http://me:hush@127.0.0.1:9', retries: 0 })
    .models()
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(EaselConnectionError);
  expect(String(error)).not.toContain('hush');
});

test('a server that is not ready says so, and that is an answer; what stands before it is not', async () => {
  const notReady = { status: 'not_ready', checks: [{ name: 'database', ok: false }] };
  const own = await answeringServer((_, reply) => sendJson(reply, notReady, 503));
  expect(await own.client().ready()).toEqual(notReady);
  expect(own.requests).toEqual(['GET /readyz']);
  const other = await answeringServer((_, reply) => void reply.writeHead(503).end('no upstream'));
  await expect(other.client({ retries: 0 }).ready()).rejects.toMatchObject({ status: 503, code: 'unknown' });
});

test('request gives any reply as it is, with the key sent and the balance kept', async () => {
  const { client, requests, baseUrl } = await answeringServer((request, reply) =>
    sendJson(reply, { key: request.headers['x-api-key'] }, 406, { 'x-remaining-credits': '1.5' }),
  );
  const asked = client({ baseUrl: `${baseUrl}/` });
  const reply = await asked.request('POST', '/v1/a:b', { prompt: 'a' });
  expect([reply.status, await reply.json(), asked.remainingCredits]).toEqual([406, { key: 'SG_ab' }, 1.5]);
  expect(requests).toEqual(['POST /v1/a:b']);
});
