import { expect, test } from 'vitest';
import { networkList, WebhookTargets } from './targets.ts';

const targets = new WebhookTargets({ networks: [], allowsHttp: false });
const faultOf = (text: string, of = targets) => of.faultOf(new URL(text));

test.each([
  'https://example.org/hook',
  'https://example.org:8443/hook?token=a',
  'https://93.184.215.14/',
  'https://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/',
  'https://[::ffff:93.184.215.14]/',
])('%s may be told', (text) => {
  expect(faultOf(text)).toBeUndefined();
});

test.each([
  'https://127.0.0.1/',
  'https://127.1/',
  'https://2130706433/',
  'https://0x7f.0.0.1/',
  'https://0177.0.0.1/',
  'https://017700000001/',
  'https://0/',
  'https://0.1.2.3/',
  'https://10.1.2.3/',
  'https://100.64.0.1/',
  'https://169.254.169.254/latest/meta-data/',
  'https://172.16.0.1/',
  'https://172.31.255.255/',
  'https://192.168.1.1/',
  'https://198.18.0.1/',
  'https://224.0.0.1/',
  'https://255.255.255.255/',
  'https://[::1]/',
  'https://[::]/',
  'https://[::ffff:127.0.0.1]/',
  'https://[::ffff:a9fe:a9fe]/',
  'https://[::ffff:0:0]/',
  'https://[::127.0.0.1]/',
  'https://[64:ff9b::10.0.0.1]/',
  'https://[64:ff9b::]/',
  'https://[64:ff9b:1::1]/',
  'https://[2002:7f00:1::]/',
  'https://[2001::1]/',
  'https://[2001:db8::1]/',
  'https://[fc00::1]/',
  'https://[fd12:3456::1]/',
  'https://[fe80::1]/',
  'https://[fec0::1]/',
  'https://[ff02::1]/',
  'https://localhost/',
  'https://LOCALHOST./',
  'https://a.localhost/',
])('%s is not public, and is refused before anything is sent', (text) => {
  expect(faultOf(text)).toMatch(/is not public$/);
});

test.each([
  ['http://example.org/', 'http:// is not encrypted; use https://'],
  ['ftp://example.org/', 'it is not an https:// address'],
  ['https://user@example.org/', 'it must not contain a user name or a password'],
  ['https://:password@example.org/', 'it must not contain a user name or a password'],
])('%s is refused: %s', (text, fault) => {
  expect(faultOf(text)).toBe(fault);
});

test('a network that the operator names is allowed, and no other', () => {
  const inner = new WebhookTargets({ networks: ['10.0.0.0/8', 'fd00::/8', '127.0.0.1'], allowsHttp: true });
  expect(faultOf('http://10.200.0.1/', inner)).toBeUndefined();
  expect(faultOf('http://[::ffff:10.0.0.1]/', inner)).toBeUndefined();
  expect(faultOf('http://[fd12::1]/', inner)).toBeUndefined();
  expect(faultOf('http://localhost/', inner)).toBeUndefined();
  expect(faultOf('http://127.0.0.2/', inner)).toMatch(/not public/);
  expect(faultOf('http://192.168.0.1/', inner)).toMatch(/not public/);
});

test.each(['', 'example.org', '10.0.0.0/33', '10.0.0.0/8/8', 'fd00::/129', '10.0.0/8'])(
  '%j is not a network',
  (text) => {
    expect(() => networkList([text])).toThrow(TypeError);
  },
);

/** Resolves every name to these addresses. */
function resolvingTo(...addresses: readonly string[]) {
  const { lookup } = new WebhookTargets({
    networks: [],
    allowsHttp: false,
    resolve: (_name, _options, callback) =>
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      ),
  });
  const ask = (all: boolean) => {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    lookup('hook.example', { all }, (error, found) => (error === null ? resolve(found) : reject(error)));
    return promise;
  };
  return { one: () => ask(false), all: () => ask(true) };
}

test('a connection gets the public ones of the addresses of a name, and nothing where there are none', async () => {
  const mixed = resolvingTo('10.0.0.1', '93.184.215.14', '::1', '2606:2800:21f::1', 'fe80::1%eth0');
  expect(await mixed.all()).toEqual([
    { address: '93.184.215.14', family: 4 },
    { address: '2606:2800:21f::1', family: 6 },
  ]);
  expect(await mixed.one()).toBe('93.184.215.14');
  for (const ask of [resolvingTo('169.254.169.254').all, resolvingTo('::ffff:10.0.0.1').one, resolvingTo().all]) {
    await expect(ask()).rejects.toThrow('the address of hook.example is not public');
  }
});
