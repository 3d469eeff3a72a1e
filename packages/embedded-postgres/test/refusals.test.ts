import { existsSync } from 'node:fs';
import { appendFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { DatabaseUnavailable } from '../src/database-unavailable.ts';
import { startEmbeddedPostgres } from '../src/embedded-postgres.ts';
import { findPostmaster } from '../src/postmaster.ts';
import { eventually, isRoot, newDataDir, query, start } from './server-in-test.ts';

test('a data folder that PostgreSQL’s account cannot reach is refused with the folder at fault', async ({ skip }) => {
  if (!isRoot) skip('only root lends PostgreSQL another account');
  const closed = await newDataDir('closed');
  await mkdir(closed, { mode: 0o700 });
  const dataDir = path.join(closed, 'easel');
  await expect(startEmbeddedPostgres({ dataDir })).rejects.toMatchObject({
    name: 'DatabaseUnavailable',
    message: expect.stringMatching(/which has no access to .*: other users may not enter \S*closed$/),
    remedy: expect.stringContaining(`chmod o+x ${closed}`),
  });
});

test('data of another major release are refused untouched', async () => {
  const dataDir = await newDataDir();
  await (await start({ dataDir })).stop();
  const version = path.join(dataDir, 'postgres', 'data', 'PG_VERSION');
  await writeFile(version, '16\n');
  await expect(startEmbeddedPostgres({ dataDir })).rejects.toMatchObject({
    message: expect.stringMatching(/was created by PostgreSQL 16, and this release of Easel contains PostgreSQL 18/),
    remedy: expect.stringContaining('DATABASE_URL'),
  });
  expect(await readFile(version, 'utf8')).toBe('16\n');
});

test('a folder of other things is refused untouched', async () => {
  const dataDir = await newDataDir();
  const data = path.join(dataDir, 'postgres', 'data');
  await mkdir(data, { recursive: true });
  await writeFile(path.join(data, 'notes.txt'), 'mine');
  await expect(startEmbeddedPostgres({ dataDir })).rejects.toThrow(/holds no PostgreSQL data/);
  expect(await readdir(data)).toEqual(['notes.txt']);
});

test('a data folder that is a file is refused with its name', async () => {
  const dataDir = await newDataDir();
  await writeFile(dataDir, '');
  await expect(startEmbeddedPostgres({ dataDir })).rejects.toThrow(DatabaseUnavailable);
  await expect(startEmbeddedPostgres({ dataDir })).rejects.toThrow(dataDir);
});

test('a server that cannot run is reported in its own words, at once', async () => {
  const dataDir = await newDataDir();
  await (await start({ dataDir })).stop();
  await appendFile(path.join(dataDir, 'postgres', 'data', 'postgresql.conf'), '\nno_such_setting = 1\n');
  await expect(startEmbeddedPostgres({ dataDir })).rejects.toMatchObject({
    message: expect.stringContaining('no_such_setting'),
    remedy: expect.stringContaining(path.join(dataDir, 'postgres', 'postgres.log')),
  });
});

test('an abort while the database is made ends with the signal’s reason and leaves nothing, and the next start works', async () => {
  const dataDir = await newDataDir();
  const folder = path.join(dataDir, 'postgres');
  const abort = new AbortController();
  const starting = expect(startEmbeddedPostgres({ dataDir, signal: abort.signal })).rejects.toThrow('changed my mind');
  await eventually(async () => {
    const names = await readdir(folder, { recursive: true }).catch(() => []);
    return names.some((name) => /^initdb-\d+\/base$/.test(name));
  });
  abort.abort(new Error('changed my mind'));
  await starting;
  expect(await readdir(folder)).toEqual([]);
  expect(await query((await start({ dataDir })).connection, 'select 1')).toEqual([[1]]);
});

test('an abort at any later moment of a start stops the server that was launched', async () => {
  const dataDir = await newDataDir();
  await (await start({ dataDir })).stop();
  for (const afterMs of [0, 5, 15, 25, 35, 45, 60]) {
    const abort = new AbortController();
    const starting = startEmbeddedPostgres({ dataDir, signal: abort.signal });
    const outcome = starting.then(
      (server) => server,
      (reason: unknown) => reason,
    );
    await sleep(afterMs);
    abort.abort(new Error('changed my mind'));
    const result = await outcome;
    // It may have been ready first; then the abort has no effect.
    if (result instanceof Error) expect(result.message, `after ${afterMs} ms`).toBe('changed my mind');
    else await (await starting).stop();
    expect(await findPostmaster(path.join(dataDir, 'postgres', 'data')), `after ${afterMs} ms`).toBeUndefined();
  }
});

test('an aborted signal starts nothing', async () => {
  const dataDir = await newDataDir();
  await expect(startEmbeddedPostgres({ dataDir, signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow('no');
  await expect(readdir(dataDir)).rejects.toThrow('ENOENT');
});

test('a start that takes too long is given up, stopped and reported', async () => {
  const dataDir = await newDataDir();
  await expect(startEmbeddedPostgres({ dataDir, timeoutMs: 60 })).rejects.toMatchObject({
    name: 'DatabaseUnavailable',
    message: `PostgreSQL in ${dataDir} was not ready after 0.06 s`,
    remedy: expect.stringContaining('postgres.log'),
  });
  // On a busy machine the time can be up before the first folder is made: what counts is that no half-made data stay.
  expect(existsSync(path.join(dataDir, 'postgres', 'data'))).toBe(false);
});
