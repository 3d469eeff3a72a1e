import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { beforeAll, expect, test } from 'vitest';
import type { HttpApp } from '../../src/http/surface.ts';
import { secretsOfText } from '../../src/keys/server-secret.ts';
import { PageSession } from '../../src/surfaces/page/session.ts';
import { customerServices } from '../support/customers.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';
import { useHttp } from './http-server.ts';

const http = useHttp();
const folder = useTemporaryFolder();
let app: HttpApp;
let url: string;
let key: string;

interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** What browsers send along with a navigation, and with what the page itself asks for. */
const navigation = { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' };
const byPage = { 'sec-fetch-site': 'same-origin' };

/** Over a real connection, with these headers and no others. */
async function ask(path: string, headers: Record<string, string> = {}, body?: string, at = url): Promise<Reply> {
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  const sent = request(new URL(path, at), {
    method: body === undefined ? 'GET' : 'POST',
    headers: { ...type, ...headers },
  });
  sent.end(body);
  const [reply]: IncomingMessage[] = await once(sent, 'response');
  if (reply === undefined) throw new Error('there is no reply');
  return { status: reply.statusCode ?? 0, headers: reply.headers, text: await text(reply) };
}

beforeAll(async () => {
  await mkdir(join(folder(), 'assets'));
  await writeFile(join(folder(), 'index.html'), '<!doctype html><head><title>Easel</title></head>');
  await writeFile(join(folder(), 'assets', 'app-1a2b.js'), 'export {};');
  app = await http().build({ pageFolder: folder() });
  url = await app.listen({ host: '127.0.0.1', port: 0 });
  await customerServices(http().jobs.database).ensureStartingKeys({
    admin: { fixed: null },
    development: { fixed: null, credits: 2_000_000n, isLoopback: true },
    async show({ development }) {
      key = development ?? '';
    },
  });
});

const cookieOf = async (at = url) =>
  String((await ask('/', navigation, undefined, at)).headers['set-cookie']).split(';', 1)[0] ?? '';

test('every view is the one document, under a strict policy, and its files are kept for ever', async () => {
  for (const url of ['/', '/gallery', '/arena', '/console', '/console/jobs', '/arena/sheet', '/reference']) {
    const reply = await app.inject({ url });
    expect(reply.payload, url).toContain('<title>Easel</title>');
    expect(reply.headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'self';/);
    expect(reply.headers['cache-control']).toBe('no-cache');
  }
  const file = await app.inject({ url: '/assets/app-1a2b.js' });
  expect(file.headers['cache-control']).toBe('public, max-age=31536000, immutable');
  for (const url of ['/assets/nothing.js', '/assets/../index.html', '/assets/%2e%2e/index.html', '/views/other'])
    expect((await app.inject({ url })).statusCode, url).toBe(404);
});

test('the address of a picture is the page, with a preview for messengers that tells nothing of how it was made', async () => {
  const name = '3f0b6f1c2d4e5a60718293a4b5c6d7e8';
  const reply = await app.inject({ url: `/p/${name}`, headers: { host: 'easel.example:8400' } });
  expect(reply.statusCode).toBe(200);
  expect(reply.headers).toMatchObject({
    'referrer-policy': 'same-origin',
    'x-robots-tag': 'noindex, nofollow',
    'cache-control': 'no-cache',
  });
  const image = `http://easel.example:8400/api/images/${name}?w=640`;
  expect(reply.payload).toContain(`<meta property="og:image" content="${image}" />`);
  expect(reply.payload).toContain('<meta property="og:title" content="A picture made with Easel" />');
  expect((await app.inject({ url: '/' })).payload).not.toContain('og:image');
  for (const url of ['/p/', '/p/nothing', `/p/${name}0`, `/p/${name}/more`, `/p/${name.toUpperCase()}`])
    expect((await app.inject({ url, headers: { accept: 'text/html' } })).statusCode, url).toBe(404);
});

test('an address of an earlier version leads to the view of today, with its query', async () => {
  const reply = await app.inject({ url: '/history?words=fox&seed=7' });
  expect([reply.statusCode, reply.headers.location]).toEqual([308, '/gallery?words=fox&seed=7']);
  expect((await app.inject({ url: '/history' })).headers.location).toBe('/gallery');
});

test('a broken link leads a person to the page, with the status of one, and a program to an error that it can read', async () => {
  const accept = 'text/html,application/xhtml+xml,*/*;q=0.8';
  const page = await app.inject({ url: '/nosuchpage?x=1', headers: { accept } });
  expect([page.statusCode, page.payload]).toEqual([404, expect.stringContaining('<title>Easel</title>')]);
  expect(page.headers['content-security-policy']).toMatch(/^default-src 'none'/);
  for (const [url, sent] of [
    ['/nosuchpage', {}],
    ['/api/nothing', { accept }],
    ['/v1/nothing', { accept }],
    ['/assets/nothing.js', { accept }],
  ] as const) {
    const reply = await app.inject({ url, headers: sent });
    expect([reply.statusCode, reply.json().code], url).toEqual([404, 'not_found']);
  }
  expect((await app.inject({ method: 'POST', url: '/nosuchpage', headers: { accept } })).json().status).toBe(404);
});

test('on its own machine the page works at once, by a cookie that scripts cannot read and that is not the key', async () => {
  const page = await ask('/', navigation);
  const cookie = String(page.headers['set-cookie']);
  expect(cookie).toMatch(/; Path=\/; HttpOnly; SameSite=Strict$/);
  expect(cookie + page.text).not.toContain(key);
  const own = await ask('/api/credits', { cookie: await cookieOf(), ...byPage });
  expect(JSON.parse(own.text)).toMatchObject({ balance: 2 });
  const other = await ask('/api/admin/keys', { cookie: await cookieOf(), ...byPage });
  expect(other.status).toBe(403);
});

test.each([
  ['no browser', {}],
  ['a program that names itself a browser', { 'user-agent': 'Mozilla/5.0', referer: 'http://127.0.0.1/' }],
  ['another page', { 'sec-fetch-site': 'cross-site' }],
  ['another port of this machine', { 'sec-fetch-site': 'same-site' }],
  ['a page of an older browser', { origin: 'https://evil.example' }],
  ['a name that was made to lead here', { ...byPage, host: 'evil.example' }],
  ['a proxy', { ...byPage, 'x-forwarded-for': '203.0.113.7' }],
  ['a proxy that says nothing', { ...byPage, origin: 'https://easel.example' }],
])('the cookie is worth nothing from %s, and visits from there get none', async (_of, headers) => {
  const cookie = await cookieOf();
  const reply = await ask('/api/jobs', { cookie, ...headers }, '{"prompt":"a red apple"}');
  expect(reply.status).toBe(401);
  expect((await ask('/', { 'sec-fetch-mode': 'navigate', ...headers })).headers['set-cookie']).toBeUndefined();
});

test('a proxy that is told nothing but where the server is gets no cookie and no use of it, whatever its clients claim', async () => {
  const { hostname, port, host } = new URL(url);
  const cookie = await cookieOf();
  // As nginx asks with `proxy_pass http://127.0.0.1:PORT;` alone: HTTP/1.0, its own name for the server, the client's other headers.
  const asked = async (path: string) => {
    const socket = connect({ host: hostname, port: Number(port) });
    const lines = [`GET ${path} HTTP/1.0`, `Host: ${host}`, 'Connection: close', `Cookie: ${cookie}`];
    for (const [name, value] of Object.entries({ ...byPage, 'sec-fetch-mode': 'navigate' }))
      lines.push(`${name}: ${value}`);
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    return text(socket);
  };
  expect(await asked('/')).toMatch(/^HTTP\/1\.[01] 200/);
  expect(await asked('/')).not.toMatch(/set-cookie/i);
  expect(await asked('/api/credits')).toMatch(/^HTTP\/1\.[01] 401/);
});

test('another account of this machine gets no cookie and no use of it, even when it claims to be the page', async ({
  skip,
}) => {
  if (process.getuid?.() !== 0 || process.platform !== 'linux') skip('only root can act for another account');
  const nobody = { uid: 65_534, gid: 65_534, cwd: '/' };
  if (spawnSync(process.execPath, ['--version'], nobody).status !== 0) skip('"nobody" cannot run this Node');
  const code = `const { request } = await import('node:http');
    const [url, cookie] = process.argv.slice(1);
    const headers = { cookie, 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'navigate' };
    for (const path of ['/', '/api/credits']) {
      await new Promise((done) => request(url + path, { headers }, (reply) => {
        console.log(reply.statusCode, 'set-cookie' in reply.headers); reply.resume().on('end', done);
      }).end());
    }`;
  const asked = async (as: object) => {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', code, url, await cookieOf()], {
      ...as,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    return text(child.stdout);
  };
  expect(await asked(nobody)).toBe('200 false\n401 false\n');
  expect(await asked({ cwd: '/' })).toBe('200 true\n200 false\n');
});

test('two servers on one machine have cookies of two names: browsers do not tell ports apart', async () => {
  const owner = async () => null;
  const secret = secretsOfText('the secret of another server on this machine')[0];
  const other = await http().build({ pageFolder: folder(), pageSession: new PageSession({ secret, owner }) });
  const name = async (at: string) => (await cookieOf(at)).split('=', 1)[0];
  expect(await name(await other.listen({ host: '127.0.0.1', port: 0 }))).not.toBe(await name(url));
});

test('files are sent compressed to who takes them so', async () => {
  for (const [encoding, ending] of [
    ['br', '.br'],
    ['gzip', '.gz'],
  ] as const) {
    await writeFile(join(folder(), 'assets', `app-1a2b.js${ending}`), encoding);
    const reply = await app.inject({ url: '/assets/app-1a2b.js', headers: { 'accept-encoding': encoding } });
    expect(reply.headers).toMatchObject({
      'content-encoding': encoding,
      vary: expect.stringMatching(/accept-encoding/i),
    });
    expect(reply.headers['content-type']).toMatch(/javascript/);
  }
});

test('nor from another machine, and visits from there get none', async () => {
  const remoteAddress = '203.0.113.7';
  const visited = await app.inject({ url: '/', headers: navigation, remoteAddress });
  expect(visited.headers['set-cookie']).toBeUndefined();
  const headers = { ...byPage, cookie: await cookieOf() };
  expect((await app.inject({ url: '/api/credits', headers, remoteAddress })).statusCode).toBe(401);
});

test('a cookie that was made up or is old is none', async () => {
  const [name, value = ''] = (await cookieOf()).split('=');
  const [since = '', proof = ''] = value.split('.');
  for (const forged of [`${Number(since) + 1}.${proof}`, `${since}.${proof.slice(1)}0`, since, `.${proof}`, '']) {
    const reply = await ask('/api/credits', { ...byPage, cookie: `${name}=${forged}` });
    expect(reply.status, forged).toBe(401);
  }
});

test('a key goes before the cookie', async () => {
  const { auth } = await http().customer();
  const reply = await ask('/api/credits', { ...byPage, cookie: await cookieOf(), ...auth });
  expect(JSON.parse(reply.text)).toMatchObject({ balance: 1 });
});
