import { readFileSync } from 'node:fs';
import http from 'node:http';
import { afterEach, expect, it } from 'vitest';
import { startProxy } from '../../../tests/support/connect-proxy.ts';
import { useProxies } from '../src/index.ts';
import { failure, pathOf, place, pull, single, weights } from './place.ts';

afterEach(() => {
  http.setGlobalProxyFromEnv({}); // the setting is one of the whole process
});

/** A Hub whose host only the proxy knows by the name that is asked for. */
async function behind(env: Record<string, string>) {
  const at = await place(single);
  return { ...at, context: { ...at.context, env: { ...at.context.env, ...env } } };
}

it.each([
  ['HTTP_PROXY', {}],
  ['http_proxy', { HTTP_PROXY: 'http://127.0.0.1:1' }],
  ['ALL_PROXY', {}],
  ['all_proxy', { NO_PROXY: 'example.com,.local' }],
])('a pull goes through the proxy of %s, the Hub and the store alike', async (name, others) => {
  const proxy = await startProxy();
  const at = await behind({ ...others, [name]: proxy.url });
  await pull(at);
  expect(readFileSync(pathOf(at)).equals(weights)).toBe(true);
  expect(new Set(proxy.targets)).toHaveLength(2);
  expect(proxy.targets).toContain(new URL(at.hub.url).host);
});

it('an address of a proxy without http:// is one of HTTP', async () => {
  const proxy = await startProxy();
  const at = await behind({ HTTP_PROXY: new URL(proxy.url).host });
  await pull(at);
  expect(proxy.targets).toContain(new URL(at.hub.url).host);
});

it.each(['127.0.0.1', '*', 'localhost, 127.0.0.1'])('NO_PROXY=%s is not asked of the proxy', async (no) => {
  const proxy = await startProxy();
  await pull(await behind({ HTTP_PROXY: proxy.url, ALL_PROXY: proxy.url, NO_PROXY: no }));
  expect(proxy.targets).toEqual([]);
});

it('user and password are given to the proxy, and shown nowhere, not when they are wrong either', async () => {
  const proxy = await startProxy('me:s3cret!');
  const login = (password: string) => proxy.url.replace('http://', `http://me:${encodeURIComponent(password)}@`);
  await pull(await behind({ HTTP_PROXY: login('s3cret!') }));
  expect(new Set(proxy.authorizations)).toEqual(new Set([`Basic ${Buffer.from('me:s3cret!').toString('base64')}`]));
  const { code, text } = await failure(pull(await behind({ HTTP_PROXY: login('wr0ng') })));
  expect(code).toBe('download_failed');
  expect(text).toMatch(/HTTPS_PROXY/);
  expect(text).not.toMatch(/wr0ng|s3cret|me:/);
});

it('a proxy that cannot be reached is told with what helps, and without its password', async () => {
  const { code, text } = await failure(pull(await behind({ HTTP_PROXY: 'http://me:s3cret@127.0.0.1:1' })));
  expect({ code, text }).toEqual({ code: 'download_failed', text: expect.stringMatching(/HTTPS_PROXY/) });
  expect(text).not.toContain('s3cret');
});

it.each([
  [{ ALL_PROXY: 'socks5h://me:s3cret@127.0.0.1:1080' }, /ALL_PROXY .* socks5h, which is not supported/],
  [{ HTTPS_PROXY: 'ftp://me:s3cret@proxy:21' }, /HTTPS_PROXY must be the address of an HTTP proxy/],
  [{ HTTP_PROXY: 'http://me:s3cret@' }, /HTTP_PROXY must be the address/],
])('%j is refused before anything is asked for, and not repeated', async (env, message) => {
  const at = await behind(env);
  const { code, text } = await failure(pull(at));
  expect({ code, text }).toEqual({ code: 'usage', text: expect.stringMatching(message) });
  expect(text).not.toContain('s3cret');
  expect(at.hub.asked).toEqual([]);
});

it('a proxy of HTTP is used where only ALL_PROXY is one that is not supported', () => {
  const proxies = { HTTP_PROXY: 'http://127.0.0.1:1', HTTPS_PROXY: 'http://127.0.0.1:1' };
  expect(() => useProxies({ ...proxies, ALL_PROXY: 'socks5://127.0.0.1:1' })).not.toThrow();
});
