import { expect, test } from 'vitest';
import { isLocalVisit, isSentByPage } from './session.ts';

const visit = (headers: Record<string, string>, remoteAddress = '127.0.0.1', httpVersion = '1.1') =>
  isLocalVisit({ headers, remoteAddress, httpVersion });

test.each(['localhost', 'localhost:8400', '127.0.0.1:8400', '127.1.2.3', '[::1]:8400', 'LOCALHOST:1'])(
  'a visit of %s from this machine is local',
  (host) => expect(visit({ host })).toBe(true),
);

test.each([
  'easel.example',
  'localhost.evil.example',
  '127.0.0.1.evil.example',
  '127.999.1.1',
  '127.0.0.256',
  '127.0.0.01',
  '127.0.1',
  '127.0.0.1:8400, evil.example',
  '192.168.1.5:8400',
  '',
  'evil.example:8400',
])('a visit of %j is not, for its name may have been made to lead here', (host) => expect(visit({ host })).toBe(false));

test.each([
  ...[
    'forwarded',
    'forwarded-for',
    'x-forwarded-for',
    'x-forwarded-host',
    'x-forwarded-server',
    'x-forwarded-port',
    'via',
  ],
  ...[
    'x-real-ip',
    'x-client-ip',
    'true-client-ip',
    'x-cluster-client-ip',
    'cf-connecting-ip',
    'x-original-forwarded-for',
  ],
])('what came through a proxy is not local: %s', (name) =>
  expect(visit({ host: 'localhost:8400', [name]: '' })).toBe(false),
);

test('what came from another machine is not local', () => {
  expect(visit({ host: 'localhost:8400' }, '192.168.1.5')).toBe(false);
  expect(visit({ host: 'localhost:8400' }, '::ffff:127.0.0.1')).toBe(true);
});

test('what came by HTTP/1.0 is not local: a proxy with nothing configured asks so', () => {
  expect(visit({ host: 'localhost:8400' }, '127.0.0.1', '1.0')).toBe(false);
});

const sent = (headers: Record<string, string>) => isSentByPage({ headers: { host: 'localhost:8400', ...headers } });

test('the page is told from other pages and programs by what browsers add', () => {
  const same = { 'sec-fetch-site': 'same-origin' };
  expect(sent(same)).toBe(true);
  expect(sent({ 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' })).toBe(true);
  expect(sent({ 'sec-fetch-site': 'none' })).toBe(false);
  for (const site of ['cross-site', 'same-site', '']) expect(sent({ 'sec-fetch-site': site })).toBe(false);
  expect(sent({})).toBe(false);
  expect(sent({ origin: 'http://localhost:8400', referer: 'http://localhost:8400/' })).toBe(false);
  expect(sent({ ...same, origin: 'http://localhost:8400' })).toBe(true);
  for (const origin of ['http://localhost:9999', 'https://evil.example', 'null']) {
    expect(sent({ ...same, origin })).toBe(false);
  }
});

test('a proxy that asks in its own name is given away by where the page says it is', () => {
  const same = { 'sec-fetch-site': 'same-origin' };
  expect(sent({ ...same, origin: 'https://easel.example' })).toBe(false);
  expect(sent({ ...same, referer: 'https://easel.example/history' })).toBe(false);
  expect(sent({ ...same, referer: 'http://localhost:84000/' })).toBe(false);
  expect(sent({ ...same, origin: 'http://localhost:8400', referer: 'http://localhost:8400/history' })).toBe(true);
});
