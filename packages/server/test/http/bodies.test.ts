import { once } from 'node:events';
import { connect } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { headers } from '@easel/contract';
import { expect, test } from 'vitest';
import { type Customer, slug, unattended, useHttp } from './http-server.ts';

const http = useHttp();
const everywhere = [`/v1/${slug}`, `/v2/${slug}`, '/v1/images/generations', '/api/jobs', '/api/tokenize'];

const post = (url: string, { json }: Customer, payload: object | string | Buffer, more: Record<string, string> = {}) =>
  http().app.inject({ method: 'POST', url, headers: { ...json, ...more }, payload });

test.each([
  ['gzip', gzipSync],
  ['deflate', deflateSync],
  ['br', brotliCompressSync],
])('a body in %s is read like any other', async (encoding, encode) => {
  const customer = await http().customer();
  const payload = encode(JSON.stringify({ prompt: 'a pear', width: 64, height: 64, model: unattended }));
  const reply = await post('/api/jobs', customer, payload, { 'content-encoding': encoding });
  expect(reply.json()).toMatchObject({ prompt: 'a pear' });
  const broken = await post('/api/jobs', customer, '{"prompt":"a"}', { 'content-encoding': encoding });
  expect(broken.json()).toMatchObject({ status: 400, detail: 'the body cannot be decoded with its Content-Encoding' });
});

test('a compressed body counts as what it becomes', async () => {
  const customer = await http().customer();
  const bomb = gzipSync(Buffer.alloc(100_000_000, 0x20));
  expect(bomb.length).toBeLessThan(200_000);
  for (const url of everywhere) {
    expect((await post(url, customer, bomb, { 'content-encoding': 'gzip' })).statusCode, url).toBe(413);
  }
});

test('another encoding is refused by its name', async () => {
  const customer = await http().customer();
  for (const encoding of ['zstd', 'gzip, gzip', 'compress']) {
    const reply = await post(`/v1/${slug}`, customer, '{}', { 'content-encoding': encoding });
    expect(reply.statusCode).toBe(415);
    expect(reply.json()).toMatchObject({
      code: 'unsupported_encoding',
      error: expect.stringContaining(`"${encoding}"`),
    });
  }
});

test('fields in excess, values in excess and depth are refused before they are parsed', async () => {
  const customer = await http().customer();
  const fields = `{${Array.from({ length: 40_000 }, (_, index) => `"f${index}":1`).join(',')}}`;
  const values = `{"user":[${'1,'.repeat(60_000)}1]}`;
  const deep = `{"user":${'['.repeat(50_000)}${']'.repeat(50_000)}}`;
  for (const url of everywhere) {
    for (const [body, rule] of [
      [fields, 'have at most 64 fields'],
      [values, 'have at most 20000 values'],
      [deep, 'be nested at most 64 levels deep'],
    ] as const) {
      const reply = await post(url, customer, body, { [headers.idempotencyKey]: 'a' });
      expect(reply.statusCode, `${url} ${rule}`).toBe(400);
      expect(reply.body, url).toContain(`the body must ${rule}`);
    }
  }
});

test('what is only ignored may be rich, and strings may hold what looks like structure', async () => {
  const customer = await http().customer();
  const tree = (depth: number): unknown => (depth === 0 ? ['{[,', '\\"'] : [tree(depth - 1), { a: tree(depth - 1) }]);
  const payload = {
    prompt: `{${'[,"\\'.repeat(2000)}`,
    quality: tree(9),
    user: tree(9),
    size: '64x64',
    num_inference_steps: 1,
  };
  const reply = await post('/v1/images/generations', customer, payload, { [headers.idempotencyKey]: 'rich' });
  expect(reply.statusCode).toBe(200);
});

test('fields named after what every object has are fields like others', async () => {
  const customer = await http().customer();
  const body =
    '{"prompt":"a","width":64,"height":64,"__proto__":{"samples":4},"constructor":{"prototype":1},"toString":1}';
  const ignored = await post(`/v2/${slug}`, customer, body);
  expect(ignored.statusCode).toBe(200);
  expect(ignored.headers[headers.ignoredFields]).toBe('__proto__, constructor, toString');
  const refused = await post('/api/jobs', customer, body);
  expect(refused.json()).toMatchObject({ status: 400, detail: expect.stringContaining('is not a field here') });
});

test('a request that cannot have a picture has a small body', async () => {
  const customer = await http().customer({ scopes: ['admin', 'generate', 'read'] });
  const large = JSON.stringify({ text: 'a'.repeat(600_000) });
  for (const url of ['/api/tokenize', '/api/admin/keys', '/api/admin/grants', '/v1/images/generations']) {
    expect((await post(url, customer, large)).body, url).toContain('the body must have at most 512000 bytes');
  }
  expect((await post('/api/jobs', customer, large)).statusCode).toBe(400);
});

test('a longest prompt in its longest spelling fits', async () => {
  const customer = await http().customer();
  const longest = '\\ud83e\\udd8a'.repeat(10_000);
  const body = `{"prompt":"${longest}","negative_prompt":"${longest}","size":"64x64","num_inference_steps":1}`;
  expect((await post('/v1/images/generations', customer, body)).statusCode).toBe(200);
});

test('what is wrong with a form is said in words of forms', async () => {
  const customer = await http().customer();
  const send = (parts: readonly string[]) => {
    const text = parts.map((part) => `--b\r\ncontent-disposition: form-data; ${part}\r\n`).join('');
    return post(`/v2/${slug}`, customer, `${text}--b--\r\n`, {
      'content-type': 'multipart/form-data; boundary=b',
    });
  };
  const small = ['name="prompt"\r\n\r\na', 'name="width"\r\n\r\n64', 'name="height"\r\n\r\n64'];
  const many = Array.from({ length: 70 }, (_, index) => `name="f${index}"\r\n\r\n1`);
  expect((await send([...small, ...many])).json()).toMatchObject({
    code: 'invalid_request',
    error: 'a form must have at most 64 fields',
  });
  const files = ['a', 'b', 'c'].map((name) => `name="${name}"; filename="${name}.png"\r\n\r\nxyz`);
  const ignored = await send([...small, ...files]);
  expect(ignored.headers[headers.ignoredFields]).toBe('a, b, c');
  const empty = 'name="image"; filename=""\r\ncontent-type: application/octet-stream\r\n\r\n';
  expect((await send([...small, empty, 'name="seed"\r\n\r\n', 'name="strength"\r\n\r\n'])).statusCode).toBe(200);
  const none = await post('/api/jobs', customer, '', { 'content-type': 'multipart/form-data' });
  expect(none.json()).toMatchObject({ status: 400, detail: expect.stringContaining('the form cannot be read') });
  const cut = await post('/api/jobs', customer, '--b\r\ncontent-disposition: form-data; name="prompt"\r\n\r\na', {
    'content-type': 'multipart/form-data; boundary=b',
  });
  expect(cut.json()).toMatchObject({ status: 400, detail: expect.stringContaining('the form cannot be read') });
});

test('what follows the 65th part of a form is not looked at', async () => {
  const customer = await http().customer();
  const part = '--b\r\ncontent-disposition: form-data; name="p"\r\n\r\n\r\n';
  // Read to its end, it would be refused for having none.
  const payload = part.repeat(15_000);
  const reply = await post(`/v1/${slug}`, customer, payload, { 'content-type': 'multipart/form-data; boundary=b' });
  expect(reply.json()).toMatchObject({ code: 'invalid_request', error: 'a form must have at most 64 fields' });
});

test('a field of a form that is not UTF-8 is refused by name, however much follows it', async () => {
  const customer = await http().customer();
  const head = '--b\r\ncontent-disposition: form-data; name="prompt"\r\n\r\n';
  const file = '--b\r\ncontent-disposition: form-data; name="x"; filename="x.png"\r\n\r\n';
  const payload = Buffer.concat([
    Buffer.from(head),
    Buffer.from([0xe9]),
    Buffer.from(`\r\n${file}${'x'.repeat(500_000)}\r\n--b--\r\n`),
  ]);
  const reply = await post(`/v1/${slug}`, customer, payload, { 'content-type': 'multipart/form-data; boundary=b' });
  expect(reply.json()).toMatchObject({ code: 'invalid_request', param: 'prompt' });
});

test('a body that comes too slowly, or not at all, is ended', async () => {
  const app = await http().build({ bodyPace: { graceMs: 200, bytesPerSecond: 1_000_000 } });
  const { port } = new URL(await app.listen({ port: 0, host: '127.0.0.1' }));
  const { auth } = await http().customer();
  for (const [key, status] of [
    [auth['x-api-key'], 408],
    ['SG_0000000000000000', 401],
  ] as const) {
    const socket = connect(Number(port), '127.0.0.1');
    let reply = '';
    socket.setEncoding('utf8').on('data', (text: string) => {
      reply += text;
    });
    const head = [
      'POST /api/jobs HTTP/1.1',
      'host: here',
      `x-api-key: ${key}`,
      'content-type: application/json',
      'content-length: 9000',
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\n{`);
    await once(socket, 'close');
    expect(reply).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  }
});
