import { expect, test } from 'vitest';
import { DomainError } from '../domain-error.ts';
import { networkOf, WrongKeyLimit } from './wrong-keys.ts';

/** A limit of 3 a minute, whose clock stands still until it is told; every key but `right` is wrong. */
function start(wrongKeysPerMinute = 3) {
  let now = 1_800_000_000_000;
  const checked: string[] = [];
  const limit = new WrongKeyLimit({ clock: { now: () => new Date(now) }, wrongKeysPerMinute });
  const send = (address: string, key: string) =>
    limit
      .guard(address, key, async () => {
        checked.push(key);
        if (!key.startsWith('right')) throw new DomainError('unauthorized', 'wrong');
        return 'owner';
      })
      .catch((error: DomainError) => `${error.code} ${error.retryAfterSeconds ?? ''}`.trim());
  const pass = (ms: number) => {
    now += ms;
  };
  return { send, pass, checked };
}

test('after too many wrong keys the network is answered 429 without a look at the key, until a share of the minute has passed', async () => {
  const { send, pass, checked } = start();
  for (let index = 0; index < 3; index++) expect(await send('192.0.2.1', `wrong ${index}`)).toBe('unauthorized');
  expect(await send('192.0.2.1', 'wrong 3')).toBe('rate_limited 20');
  expect(await send('192.0.2.1', 'right, found by trying')).toBe('rate_limited 20');
  expect(checked).toHaveLength(3);
  pass(20_000);
  expect(await send('192.0.2.1', 'wrong 4')).toBe('unauthorized');
  expect(await send('192.0.2.1', 'wrong 5')).toBe('rate_limited 20');
});

test('keys that were right before are let in meanwhile; those of other networks are never affected', async () => {
  const { send } = start();
  expect(await send('192.0.2.1', 'right')).toBe('owner');
  for (let index = 0; index < 5; index++) await send('192.0.2.1', `wrong ${index}`);
  expect(await send('192.0.2.1', 'right')).toBe('owner');
  expect(await send('192.0.2.2', 'right too')).toBe('owner');
  expect(await send('192.0.2.2', 'wrong')).toBe('unauthorized');
});

test('time gives back no more than the limit, and a clock that is set back gives nothing', async () => {
  const { send, pass } = start();
  await send('192.0.2.1', 'wrong');
  pass(3_600_000);
  for (let index = 0; index < 3; index++) expect(await send('192.0.2.1', `wrong ${index}`)).toBe('unauthorized');
  pass(-1_800_000);
  expect(await send('192.0.2.1', 'wrong')).toMatch('rate_limited');
});

test('what is wrong with the server is not counted', async () => {
  const limit = new WrongKeyLimit({ clock: { now: () => new Date() }, wrongKeysPerMinute: 1 });
  const away = () => Promise.reject(new Error('the database is away'));
  for (let index = 0; index < 3; index++)
    await expect(limit.guard('192.0.2.1', 'key', away)).rejects.toThrow('the database is away');
});

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:0DB8:1:2::9', '2001:db8:1:2'],
  ['2001:db8::1', '2001:db8:0:0'],
  ['fe80::1%eth0', 'fe80:0:0:0'],
  ['::1', '0:0:0:0'],
])('%s belongs to %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});
