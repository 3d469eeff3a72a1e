import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { accepts, findPostmaster, pidFileOf } from './postmaster.ts';
import { socketIn } from './socket-folder.ts';

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
