import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { fixedMessages, headers } from '@easel/contract';
import { expect, test } from 'vitest';
import { newId } from '../../src/ids.ts';
import { slug, unattended, useHttp } from './http-server.ts';

const http = useHttp();
const prompt = 'a red apple';
const url = `/v1/${slug}`;

test('of several faults the first in the order of checks is told', async () => {
  const { auth } = await http().customer({ requestsPerMinute: 3, models: [slug] }, 0n);
  const reader = (await http().customer({ scopes: ['read'] })).auth;
  const type = { 'content-type': 'application/json' };
  const ask = (path: string, sent: Record<string, string>, payload = '') =>
    http().app.inject({ method: 'POST', url: path, headers: sent, payload });
  const codeOf = async (...args: Parameters<typeof ask>) => {
    const reply = await ask(...args);
    return [reply.statusCode, reply.json().code];
  };

  expect(await codeOf('/v1/nothing', {}, '{')).toEqual([404, 'not_found']);
  expect(await codeOf('/v1/get-user-credits', {}, '{')).toEqual([405, 'method_not_allowed']);
  expect(await codeOf(url, {}, '{')).toEqual([401, 'unauthorized']);
  expect(await codeOf(url, reader, '{')).toEqual([403, 'forbidden']);
  expect(await codeOf(`/v1/${unattended}`, auth, '{')).toEqual([403, 'forbidden']);
  expect(await codeOf(url, auth, '{')).toEqual([406, 'invalid_content_type']);
  expect(await codeOf(url, { ...auth, ...type }, '{'.repeat(1_000_001))).toEqual([413, 'body_too_large']);
  expect(await codeOf(url, { ...auth, ...type }, '{')).toEqual([400, 'invalid_request']);
  expect(await codeOf(url, { ...auth, ...type }, `{"prompt":"${prompt}","width":1024}`)).toEqual([
    400,
    'invalid_request',
  ]);
  expect(await codeOf(url, { ...auth, ...type }, `{"prompt":"${prompt}"}`)).toEqual([406, 'insufficient_credits']);
  // What was wrong with them counted too, and now nobody looks any more.
  expect(await codeOf(url, { ...auth, ...type }, '{')).toEqual([429, 'rate_limited']);
  expect(await codeOf(url, auth, '{')).toEqual([406, 'invalid_content_type']);
});

test("every reply of a limited route to a caller has the draft's headers of the rate limit beside the vendor's, on every surface", async () => {
  const { auth, json } = await http().customer({ requestsPerMinute: 3 }, 0n);
  const ask = (path: string, sent: Record<string, string>) =>
    http().app.inject({
      method: 'POST',
      url: path,
      headers: { ...sent, origin: 'https://page.example' },
      payload: '{}',
    });
  const leftIn = ({ headers: got }: Awaited<ReturnType<typeof ask>>) => {
    expect(got[headers.rateLimitPolicy]).toBe('"requests";q=3;w=60');
    expect(got[headers.rateLimitLimit]).toBe('3');
    expect(String(got['access-control-expose-headers'])).toMatch(/ratelimit-policy, ratelimit,/);
    const [, left, seconds] = /^"requests";r=(\d+);t=(\d+)$/.exec(String(got[headers.rateLimit])) ?? [];
    expect(got[headers.rateLimitRemaining]).toBe(left);
    expect(Number(seconds)).toBeGreaterThan(0);
    expect(Number(seconds)).toBeLessThanOrEqual(60);
    return Number(left);
  };
  // Refused before it was counted: the headers say what is left all the same.
  const uncounted = await ask(url, auth);
  expect(uncounted.statusCode).toBe(406);
  expect(leftIn(uncounted)).toBe(3);

  // A minute of the clock may begin in between, and all requests are there again.
  for (const path of [url, '/v1/images/generations', '/api/jobs', `/v2/${slug}`, `/v2/${slug}`, `/v2/${slug}`]) {
    const reply = await ask(path, json);
    const left = leftIn(reply);
    expect([400, 429]).toContain(reply.statusCode);
    if (reply.statusCode !== 429) continue;
    expect(left).toBe(0);
    expect(reply.headers[headers.rateLimit]).toBe(`"requests";r=0;t=${reply.headers[headers.retryAfter]}`);
  }
  const unlimited = await http().app.inject({ url: '/api/credits', headers: auth });
  expect(unlimited.headers).not.toHaveProperty(headers.rateLimitPolicy);
  const stranger = await ask(url, {});
  expect(stranger.headers).not.toHaveProperty(headers.rateLimitPolicy);
});

test('moves among queued jobs count against the rate limit, since each may change the whole queue', async () => {
  const { json } = await http().customer({ requestsPerMinute: 1 });
  const move = () =>
    http().app.inject({
      method: 'POST',
      url: `/api/jobs/${newId()}/move`,
      headers: json,
      payload: { to: 'first' },
    });
  const first = await move();
  expect(first.statusCode).toBe(404);
  expect(first.headers[headers.rateLimitPolicy]).toBe('"requests";q=1;w=60');
  // A minute of the clock may begin in between.
  await expect.poll(async () => (await move()).statusCode).toBe(429);
});

test('a full queue is 503 with the time after which to try again', async () => {
  const { json } = await http().customer();
  const submit = () =>
    http().app.inject({ method: 'POST', url: `/v2/${unattended}`, headers: json, payload: { prompt } });
  for (let waiting = 0; waiting < 3; waiting += 1) expect((await submit()).statusCode).toBe(200);
  const last = await submit();
  expect(last.json()).toMatchObject({ code: 'overloaded' });
  expect(last.statusCode).toBe(503);
  expect(Number(last.headers[headers.retryAfter])).toBeGreaterThan(0);
});

test('every surface has its own shape of errors, and each reply its own request id', async () => {
  const { json } = await http().customer();
  const bad = { prompt: '', n: 9, samples: 9 };
  const ask = (path: string) =>
    http().app.inject({ method: 'POST', url: path, headers: { ...json, 'x-request-id': 'mine' }, payload: bad });
  const segmind = await ask(url);
  expect(segmind.json()).toEqual({
    error: expect.stringContaining('prompt'),
    code: 'invalid_request',
    param: 'prompt',
    request_id: segmind.headers[headers.requestId],
  });
  expect(segmind.headers[headers.requestId]).not.toBe('mine');
  const openai = await ask('/v1/images/generations');
  expect(openai.json()).toEqual({
    error: { message: expect.any(String), type: 'invalid_request_error', param: 'prompt', code: 'invalid_request' },
  });
  const api = await ask('/api/jobs');
  expect(api.headers['content-type']).toBe('application/problem+json');
  expect(api.json()).toMatchObject({
    status: 400,
    code: 'invalid_request',
    request_id: api.headers[headers.requestId],
  });
});

test('a caller learns his balance and the cost of 0 with an error too; who is not known learns neither', async () => {
  const { json } = await http().customer();
  const refused = await http().app.inject({ method: 'POST', url, headers: json, payload: {} });
  expect(refused.headers).toMatchObject({ [headers.remainingCredits]: '1', [headers.cost]: '0' });
  const unknown = await http().app.inject({
    method: 'POST',
    url,
    headers: { ...json, 'x-api-key': 'SG_0000000000000000' },
  });
  expect(unknown.statusCode).toBe(401);
  expect(unknown.headers[headers.remainingCredits]).toBeUndefined();
  const keyless = await http().app.inject({ method: 'POST', url });
  expect(keyless.json().error).toBe(fixedMessages.missingKey);
});

test('a wrong method is told which are right, and OPTIONS tells the same', async () => {
  const reply = await http().app.inject({ method: 'PUT', url: '/api/jobs' });
  expect(reply.statusCode).toBe(405);
  expect(reply.headers.allow).toBe('GET, HEAD, OPTIONS, POST');
  const options = await http().app.inject({ method: 'OPTIONS', url: '/api/jobs' });
  expect(options.statusCode).toBe(204);
  expect(options.headers.allow).toBe('GET, HEAD, OPTIONS, POST');
  const named = await http().app.inject({ method: 'PATCH', url: '/api/jobs/cancel' });
  expect([named.statusCode, named.headers.allow]).toEqual([405, 'OPTIONS, POST']);
  for (const reserved of ['models', 'get-user-credits', 'requests', 'images']) {
    const refused = await http().app.inject({ method: 'POST', url: `/v1/${reserved}` });
    expect([404, 405], reserved).toContain(refused.statusCode);
  }
});

test('a page of an allowed origin may send any header and read ours; others may not', async () => {
  const preflight = (origin: string) =>
    http().app.inject({
      method: 'OPTIONS',
      url,
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'x-api-key, x-other',
      },
    });
  const allowed = await preflight('https://page.example');
  expect(allowed.headers['access-control-allow-origin']).toBe('https://page.example');
  expect(allowed.headers['access-control-allow-headers']).toBe('x-api-key, x-other');
  expect((await preflight('https://evil.example')).headers['access-control-allow-origin']).toBeUndefined();
  const error = await http().app.inject({ method: 'POST', url, headers: { origin: 'https://page.example' } });
  expect(error.headers['access-control-allow-origin']).toBe('https://page.example');
  expect(error.headers['access-control-expose-headers']).toContain(headers.remainingCredits);
});

test('a Host that could break out of an address is refused where one is made of it', async () => {
  const { json } = await http().customer();
  const reply = await http().app.inject({
    method: 'POST',
    url: `/v2/${slug}`,
    headers: { ...json, host: 'a/b?' },
    payload: { prompt },
  });
  expect(reply.json()).toMatchObject({ code: 'invalid_request', param: 'Host' });
});

test('an address that is not valid is refused in the shape of errors', async () => {
  const reply = await http().app.inject({ url: '/api/%zz' });
  expect(reply.statusCode).toBe(400);
  expect(reply.json()).toMatchObject({ code: 'invalid_request', request_id: reply.headers[headers.requestId] });
});

test('what is no HTTP is refused in the shape of errors of the surface that it is for, and its connection ends', async () => {
  const app = await http().build({});
  const { port } = new URL(await app.listen({ host: '127.0.0.1', port: 0 }));
  const send = async (lines: readonly string[]) => {
    const socket = connect(Number(port), '127.0.0.1');
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n');
    return { head, body: JSON.parse(body) };
  };
  const both = ['host: here', 'content-length: 3', 'transfer-encoding: chunked'];
  const ofApi = await send(['POST /api/jobs HTTP/1.1', ...both]);
  expect(ofApi.head).toMatch(/^HTTP\/1\.1 400 Bad Request\r\ncontent-type: application\/problem\+json/);
  expect(ofApi.body).toMatchObject({
    status: 400,
    code: 'invalid_request',
    detail: expect.stringMatching(/not valid HTTP/),
  });
  const ofSegmind = await send([`POST /v1/${slug} HTTP/1.1`, ...both]);
  expect(ofSegmind.body).toMatchObject({ code: 'invalid_request', error: expect.stringMatching(/not valid HTTP/) });
  const ofOpenai = await send(['POST /v1/images/generations HTTP/1.1', ...both]);
  expect(ofOpenai.body.error).toMatchObject({ code: 'invalid_request', type: 'invalid_request_error' });
  const large = await send(['GET /api/jobs HTTP/1.1', 'host: here', `x: ${'a'.repeat(20_000)}`]);
  expect(large.head).toMatch(/^HTTP\/1\.1 431 /);
  expect(large.body).toMatchObject({ status: 431, detail: 'the headers of a request must have at most 16 kB in all' });
  expect((await send(['nonsense'])).body).toMatchObject({ status: 400, request_id: expect.any(String) });
});

test('a request names one host, in its address or in its header', async () => {
  const app = await http().build({});
  const { port } = new URL(await app.listen({ host: '127.0.0.1', port: 0 }));
  const send = async (...lines: readonly string[]) => {
    const socket = connect(Number(port), '127.0.0.1');
    socket.write(`${[...lines, 'connection: close'].join('\r\n')}\r\n\r\n`);
    return (await text(socket)).split('\r\n', 1)[0];
  };
  for (const lines of [
    ['GET /healthz HTTP/1.1', 'host: here', 'host: there'],
    ['GET /healthz HTTP/1.1', 'host: here', 'Host: here'],
    ['GET http://there/healthz HTTP/1.1', 'host: here'],
  ]) {
    expect(await send(...lines), lines.join()).toBe('HTTP/1.1 400 Bad Request');
  }
  for (const lines of [
    ['GET http://here:8400/healthz HTTP/1.1', 'host: HERE:8400'],
    ['GET /healthz HTTP/1.1', 'host: here'],
    ['GET /healthz HTTP/1.0'],
  ]) {
    expect(await send(...lines), lines.join()).toBe('HTTP/1.1 200 OK');
  }
});
