import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inspect } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { makeSecret, readSecret, secretsOfText } from './server-secret.ts';

async function newFolder(): Promise<string> {
  const parent = await mkdtemp(path.join(tmpdir(), 'easel-secret-'));
  onTestFinished(() => rm(parent, { recursive: true, force: true }));
  return path.join(parent, 'data');
}

test('the secret is drawn at the first start and the same ever after', async () => {
  const folder = await newFolder();
  const drawn = await makeSecret(folder);
  const read = await readSecret(folder);
  expect(read?.hmac('purpose', 'text')).toEqual(drawn.hmac('purpose', 'text'));
  expect((await makeSecret(await newFolder())).hmac('purpose', 'text')).not.toEqual(drawn.hmac('purpose', 'text'));
});

test('processes that start at the same time get one secret, and nothing else is left', async () => {
  const folder = await newFolder();
  const secrets = await Promise.all(Array.from({ length: 8 }, () => makeSecret(folder)));
  expect(new Set(secrets.map((secret) => Buffer.from(secret.hmac('a', 'b')).toString('hex'))).size).toBe(1);
  expect(await readdir(folder)).toEqual(['secret']);
});

test.skipIf(process.platform === 'win32')('only the owner may read the file', async () => {
  const folder = await newFolder();
  await makeSecret(folder);
  expect((await stat(path.join(folder, 'secret'))).mode & 0o777).toBe(0o600);
});

test('a damaged file is an error, never a new secret', async () => {
  const folder = await newFolder();
  await makeSecret(folder);
  await writeFile(path.join(folder, 'secret'), 'cut o');
  await expect(readSecret(folder)).rejects.toThrow(/secret is damaged/);
  await expect(makeSecret(folder)).rejects.toThrow(/secret is damaged/);
  expect(await readFile(path.join(folder, 'secret'), 'utf8')).toBe('cut o');
});

test('the hash is HMAC-SHA256, and differs by purpose', () => {
  const secret = secretsOfText('k'.repeat(32))[0];
  // openssl: printf 'a\0b' | openssl dgst -sha256 -hmac kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk
  expect(Buffer.from(secret.hmac('a', 'b')).toString('hex')).toBe(
    'd895eaa186a1e324982a71aff96932e9b88295381ce63fa75abc7de00610173b',
  );
  expect(secret.hmac('a', 'b')).not.toEqual(secret.hmac('c', 'b'));
});

test('a secret that is too short is refused without being repeated', () => {
  expect(() => secretsOfText('short-secret')[0]).toThrow(/at least 32 characters \(got 12\)/);
  expect(() => secretsOfText('short-secret')[0]).not.toThrow('short-secret');
});

test('a secret does not show when it is printed', () => {
  const secret = secretsOfText('visible-visible-visible-visible-visible')[0];
  expect(`${inspect(secret, { depth: 9, showHidden: true })}${JSON.stringify(secret)}`).not.toContain('visible');
});

test('the content of the file is the same secret in the environment, with or without white space, in either case', async () => {
  const folder = await newFolder();
  const drawn = await makeSecret(folder);
  const text = await readFile(path.join(folder, 'secret'), 'utf8');
  for (const spelled of [text, text.trim(), ` ${text}\n`, text.trim().toUpperCase()]) {
    expect(secretsOfText(spelled)[0].hmac('a', 'b')).toEqual(drawn.hmac('a', 'b'));
  }
});

test('any other text means its own characters, and one too short is refused', () => {
  const text = 'the secret that all these machines share';
  expect(secretsOfText(text)).toHaveLength(1);
  expect(secretsOfText(`${text}\n`)[0].hmac('a', 'b')).not.toEqual(secretsOfText(text)[0].hmac('a', 'b'));
  expect(() => secretsOfText('short')).toThrow(/at least 32 characters \(got 5\)/);
});

test.skipIf(process.platform === 'win32')('a file that others could read is closed to them', async () => {
  const folder = await newFolder();
  await makeSecret(folder);
  await chmod(path.join(folder, 'secret'), 0o644);
  await readSecret(folder);
  expect((await stat(path.join(folder, 'secret'))).mode & 0o777).toBe(0o600);
});
