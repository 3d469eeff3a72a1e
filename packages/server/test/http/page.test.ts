import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import type { HttpApp } from '../../src/http/http-app.ts';
import { PageSession } from '../../src/http/page/session.ts';
import { secretsOfText } from '../../src/storage/server-secret.ts';
import { customerServices } from '../support/customers.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';
import { useHttp } from './http-server.ts';

const http = useHttp();
const folder = useTemporaryFolder();
let app: HttpApp;
let key: string;

beforeAll(async () => {
  await mkdir(join(folder(), 'assets'));
  await writeFile(join(folder(), 'index.html'), '<!doctype html><title>Easel</title>');
  await writeFile(join(folder(), 'assets', 'app-1a2b.js'), 'export {};');
  app = await http().build({ pageFolder: folder() });
  const { startingKeys } = customerServices(http().jobs.database);
  await startingKeys.ensure({
    admin: { fixed: null },
    development: { fixed: null, credits: 2_000_000n, isLoopback: true },
    async show({ development }) {
      key = development ?? '';
    },
  });
});

const cookieOf = async () => String((await app.inject({ url: '/' })).headers['set-cookie']).split(';', 1)[0] ?? '';

test('every view is the one document, under a strict policy, and its files are kept for ever', async () => {
  for (const url of ['/', '/history', '/arena', '/console', '/reference']) {
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
  const page = await app.inject({ url: '/' });
  const cookie = String(page.headers['set-cookie']);
  expect(cookie).toMatch(/; Path=\/; HttpOnly; SameSite=Strict$/);
  expect(cookie + page.payload).not.toContain(key);
  const own = await app.inject({ url: '/api/credits', headers: { cookie: await cookieOf() } });
  expect(own.json()).toMatchObject({ balance: 2 });
  const other = await app.inject({ url: '/api/admin/keys', headers: { cookie: await cookieOf() } });
  expect(other.statusCode).toBe(403);
});

test.each([
  ['another page', { 'sec-fetch-site': 'cross-site' }],
  ['another port of this machine', { 'sec-fetch-site': 'same-site' }],
  ['a page of an older browser', { origin: 'https://evil.example' }],
  ['a name that was made to lead here', { host: 'evil.example' }],
  ['a proxy', { 'x-forwarded-for': '203.0.113.7' }],
  ['a proxy that says nothing', { 'sec-fetch-site': 'same-origin', origin: 'https://easel.example' }],
])('the cookie is worth nothing from %s', async (_of, headers) => {
  const cookie = await cookieOf();
  const payload = { prompt: 'a red apple' };
  const reply = await app.inject({ method: 'POST', url: '/api/jobs', headers: { cookie, ...headers }, payload });
  expect(reply.statusCode).toBe(401);
});

test('two servers on one machine have cookies of two names: browsers do not tell ports apart', async () => {
  const owner = async () => null;
  const secret = secretsOfText('the secret of another server on this machine')[0];
  const other = await http().build({ pageFolder: folder() }, { pageSession: new PageSession({ secret, owner }) });
  const name = async (one: HttpApp) => String((await one.inject({ url: '/' })).headers['set-cookie']).split('=', 1)[0];
  expect(await name(other)).not.toBe(await name(app));
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
  expect((await app.inject({ url: '/', remoteAddress })).headers['set-cookie']).toBeUndefined();
  const headers = { cookie: await cookieOf() };
  expect((await app.inject({ url: '/api/credits', headers, remoteAddress })).statusCode).toBe(401);
});

test('a cookie that was made up or is old is none', async () => {
  const [name, value = ''] = (await cookieOf()).split('=');
  const [since = '', proof = ''] = value.split('.');
  for (const forged of [`${Number(since) + 1}.${proof}`, `${since}.${proof.slice(1)}0`, since, `.${proof}`, '']) {
    const reply = await app.inject({ url: '/api/credits', headers: { cookie: `${name}=${forged}` } });
    expect(reply.statusCode, forged).toBe(401);
  }
});

test('a key goes before the cookie', async () => {
  const { auth } = await http().customer();
  const reply = await app.inject({ url: '/api/credits', headers: { cookie: await cookieOf(), ...auth } });
  expect(reply.json()).toMatchObject({ balance: 1 });
});
