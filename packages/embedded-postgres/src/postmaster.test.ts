import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { socketIn } from './place.ts';
import { accepts, findPostmaster, pidFileOf, reasonIn } from './postmaster.ts';

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'easel-pm-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

test('a pid file proves no server: its process may be gone, be another program, or have written nothing yet', async ({
  skip,
}) => {
  if (process.platform !== 'linux') skip('without /proc the socket is asked instead');
  const data = await temporaryFolder();
  expect(await findPostmaster(data)).toBeUndefined();
  const rest = `${data}\n1700000000\n5432\n${data}\n\n 1 2\nready   \n`;
  for (const text of ['', '\n', `${2 ** 22 + 1}\n${rest}`, `${process.pid}\n${rest}`, `-${process.pid}\n${rest}`]) {
    await writeFile(pidFileOf(data), text);
    expect(await findPostmaster(data), text).toBeUndefined();
  }
});

test('a socket accepts only while somebody listens', async () => {
  const folder = await temporaryFolder();
  expect(await accepts(folder)).toBe(false);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(socketIn(folder), resolve));
  expect(await accepts(folder)).toBe(true);
  await new Promise((resolve) => server.close(resolve));
  expect(await accepts(folder)).toBe(false);
});

test('the reason why a server ended is its fatal lines with their hints', () => {
  const output = [
    '2026-01-02 03:04:05.678 UTC [12] LOG:  starting PostgreSQL 18.4',
    '2026-01-02 03:04:05.679 UTC [12] FATAL:  data directory "/d" has invalid permissions',
    '2026-01-02 03:04:05.679 UTC [12] DETAIL:  Permissions should be u=rwx (0700) or u=rwx,g=rx (0750).',
    '',
  ].join('\n');
  expect(reasonIn(output)).toBe(
    'FATAL:  data directory "/d" has invalid permissions; DETAIL:  Permissions should be u=rwx (0700) or u=rwx,g=rx (0750).',
  );
});

test('without any, it is the last lines of its output', () => {
  expect(reasonIn('a\nb\n\n')).toBe('a; b');
  expect(reasonIn('')).toBe('no output');
});
