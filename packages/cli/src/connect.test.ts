import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../test/run-easel.ts';
import { connect } from './connect.ts';
import type { ServerAddressFlags } from './options.ts';

const key = 'SG_0123456789abcdef';

function connected(flags: ServerAddressFlags, env: Record<string, string> = { EASEL_API_KEY: key }) {
  const { stdin, stdout, stderr } = process;
  return connect(flags, { stdin, stdout, stderr, env }, ['EASEL_API_KEY', 'EASEL_ADMIN_KEY']);
}

test('the option is asked for the address first, then EASEL_SERVER, then the usual port', async () => {
  const env = { EASEL_API_KEY: key, EASEL_SERVER: 'http://b:1' };
  expect((await connected({ server: 'http://a:1' }, env)).baseUrl).toBe('http://a:1');
  expect((await connected({}, env)).baseUrl).toBe('http://b:1');
  expect((await connected({})).baseUrl).toBe('http://127.0.0.1:8400');
});

test.each(['localhost', 'ftp://a', 'http://a?x=1', 'http://a#x'])('%s is no address of a server', async (server) => {
  await expect(connected({ server })).rejects.toThrow(`(got "${server}")`);
});

test.each(['http://me:hush@a', 'http://:hush@a', 'me:hush@a'])(
  'an address with a login is refused unseen',
  async (server) => {
    const error: unknown = await connected({ server }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'usage', message: expect.stringContaining('with an @ in it') });
    expect(inspect(error)).not.toContain('hush');
  },
);

test('the second variable is taken where the first is empty, and the first is named where there is none', async () => {
  await expect(connected({}, { EASEL_API_KEY: '', EASEL_ADMIN_KEY: `${key}\n` })).resolves.toBeDefined();
  await expect(connected({}, {})).rejects.toMatchObject({
    code: 'key_missing',
    message: 'no API key for the server',
    remedy: 'set EASEL_API_KEY or use --api-key-file',
  });
});

test('what is no key is refused without being shown, in a variable and in a file', async () => {
  const file = join(temporaryFolder(), 'key');
  writeFileSync(file, 'SG_secret\nSG_other\n');
  const attempts = [() => connected({ apiKeyFile: file }), () => connected({}, { EASEL_API_KEY: 'SG_secret…' })];
  for (const attempt of attempts) {
    const error: unknown = await attempt().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'key_missing',
      message: expect.stringMatching(/does not contain exactly one key/),
    });
    expect(inspect(error)).not.toContain('SG_secret');
  }
  await expect(connected({ apiKeyFile: `${file}-none` })).rejects.toThrow('it does not exist');
});
