import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { startEmbeddedPostgres } from '@easel/embedded-postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { archiveRunning, writeBackup } from '../../src/backup/backup.ts';
import { restoreBackup } from '../../src/backup/restore.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { chargeHold, holdPrice, releaseHold } from '../../src/credits/holds.ts';
import { type Database, openDatabase } from '../../src/database/database.ts';
import { migrate } from '../../src/database/migrate.ts';
import { newId } from '../../src/ids.ts';
import { expectSoundLedger } from '../ledger/ledger-invariants.ts';
import { customerServices, newCustomer } from '../support/customers.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';

const folder = useTemporaryFolder();
const signal = AbortSignal.timeout(600_000);
const secret = 'ab'.repeat(32);
const picture = randomBytes(3000);
const pictureFile = join('3f', '0b', `3f0b${'0'.repeat(28)}.jpg`);

const dataDir = () => join(folder(), 'data');
const configOf = (path: string) => loadConfig({ env: {}, flags: { dataDir: path } });

let postgres: Awaited<ReturnType<typeof startEmbeddedPostgres>>;
let database: Database;
const written = { before: 0, after: 0 };
const file = () => join(folder(), 'easel.tar.gz');

const options = async () => ({
  ...{ config: await configOf(dataDir()), dataDir: dataDir(), address: postgres.connection },
  ...{ version: '1.2.3', withoutPictures: true, overwrite: false, signal },
});

/** Balances that move all the time. */
async function moveMoney(until: AbortSignal, moved: { count: number }) {
  const customers = [
    await newCustomer(database, { available: 10n ** 9n }),
    await newCustomer(database, { available: 1000n }),
  ];
  while (!until.aborted) {
    for (const { accountId, keyId } of customers) {
      const jobId = newId();
      const hold = { jobId, accountId, keyId, model: 'a', samples: 1, amount: 3n, month: '2026-03' };
      await database.transaction((queries) => holdPrice(queries, hold));
      const end = moved.count % 3 === 0 ? releaseHold : chargeHold;
      if (moved.count % 5 !== 0) await database.transaction((queries) => end(queries, jobId, new Date()));
      await customerServices(database).credits.grant({ accountId, amount: 5n, note: null, idempotencyKey: null });
      moved.count += 1;
    }
  }
}

/** A backup of a database that is written to, made once for all tests. */
beforeAll(async () => {
  await chmod(folder(), 0o711); // as root, the account that PostgreSQL runs as has to pass
  postgres = await startEmbeddedPostgres({ dataDir: dataDir() });
  database = openDatabase({ address: postgres.connection, onConnectionLost: () => {} });
  await migrate(database.kysely);
  await writeFile(join(dataDir(), 'secret'), secret);
  await mkdir(join(dataDir(), 'images', '3f', '0b'), { recursive: true });
  await writeFile(join(dataDir(), 'images', pictureFile), picture);
  await writeFile(join(dataDir(), 'images', `${pictureFile}.partial-1`), 'half a picture');
  const stopping = new AbortController();
  const moved = { count: 0 };
  const moving = moveMoney(stopping.signal, moved);
  while (moved.count < 20) await new Promise((resolve) => setTimeout(resolve, 5));
  written.before = moved.count;
  const result = await archiveRunning(file(), { ...(await options()), withoutPictures: false });
  written.after = moved.count;
  stopping.abort();
  await moving;
  expect(result).toMatchObject({ file: file(), pictures: 1, hasSecret: true });
});

afterAll(async () => {
  await database.close();
  await postgres.stop();
});

async function restoreInto(name: string, { source = file(), force = false } = {}) {
  const target = join(folder(), name);
  return restoreBackup(source, { config: await configOf(target), force, signal });
}

const errorOf = (work: Promise<unknown>) =>
  work.then(
    () => 'nothing was thrown',
    (error: unknown) => error,
  );

test('a backup of a database that is written to is consistent: the restored ledger balances, and has all from before', async () => {
  const restored = await restoreInto('restored');
  expect(restored).toMatchObject({ dataDir: join(folder(), 'restored'), pictures: 1, hasSecret: true, before: null });
  expect((await readdir(restored.dataDir)).filter((name) => name.includes('restore-'))).toEqual([]);
  expect(await readFile(join(restored.dataDir, 'secret'), 'utf8')).toBe(secret);
  expect(await readFile(join(restored.dataDir, 'images', pictureFile))).toEqual(picture);
  const copy = await startEmbeddedPostgres({ dataDir: restored.dataDir });
  const opened = openDatabase({ address: copy.connection, onConnectionLost: () => {} });
  try {
    expect(await migrate(opened.kysely)).toEqual([]);
    await expectSoundLedger(opened);
    const holds = await opened.kysely.selectFrom('holds').select('job_id').execute();
    expect(holds.length).toBeGreaterThanOrEqual(written.before);
    expect(holds.length).toBeLessThanOrEqual(written.after + 1);
    await newCustomer(opened, { available: 7n });
  } finally {
    await opened.close();
    await copy.stop();
  }
});

test('a folder that is not empty is left alone, or with force moved aside; what a killed restore has left is removed', async () => {
  const target = join(folder(), 'occupied');
  await mkdir(join(target, '.easel-restore-a1B2c3', 'postgres'), { recursive: true });
  await mkdir(join(target, 'restore-mine'));
  await mkdir(join(target, 'postgres'), { recursive: true });
  await writeFile(join(target, 'postgres', 'mine'), 'mine');
  await writeFile(join(target, 'notes'), 'stay');
  expect(await errorOf(restoreInto('occupied'))).toMatchObject({
    code: 'output_exists',
    message: expect.stringContaining('is not empty: it has postgres'),
  });
  expect(await readdir(join(target, 'postgres'))).toEqual(['mine']);
  const { before } = await restoreInto('occupied', { force: true });
  expect(await readFile(join(before ?? '', 'postgres', 'mine'), 'utf8')).toBe('mine');
  expect((await readdir(target)).toSorted()).toEqual([
    before?.slice(target.length + 1),
    'images',
    'notes',
    'postgres',
    'restore-mine',
    'secret',
  ]);
  expect((await stat(join(target, 'postgres', 'data', 'PG_VERSION'))).isFile()).toBe(true);
});

/** The backup with something else in it. */
async function changed(name: string, change: (bytes: Buffer) => Uint8Array): Promise<string> {
  const path = join(folder(), name);
  await writeFile(path, gzipSync(change(gunzipSync(await readFile(file())))));
  return path;
}

test('a backup that is damaged, cut off or none is refused, and nothing is left of it', async () => {
  const bad = {
    flipped: await changed('flipped.gz', (bytes) => {
      const place = bytes.indexOf(picture) + 100;
      bytes[place] = (bytes[place] ?? 0) ^ 1;
      return bytes;
    }),
    cut: await changed('cut.gz', (bytes) => bytes.subarray(0, Math.floor(bytes.length / 1024) * 512)),
    other: await changed('other.gz', () => Buffer.from('a letter to my aunt')),
    zip: join(folder(), 'not.gz'),
  };
  await writeFile(bad.zip, 'no archive');
  for (const [name, source] of Object.entries(bad)) {
    expect(await errorOf(restoreInto(`from-${name}`, { source })), name).toMatchObject({
      code: 'backup_unusable',
      message: expect.stringContaining(source),
    });
    expect(await readdir(join(folder(), `from-${name}`))).toEqual([]);
  }
});

test('a backup of a newer release is refused by the changes that this one does not know', async () => {
  const newer = await changed('newer.gz', (bytes) => {
    const text = bytes.toString('latin1').replace('0001-initial', '9001-initial');
    return Buffer.from(text, 'latin1');
  });
  expect(await errorOf(restoreInto('newer', { source: newer }))).toMatchObject({
    code: 'database_newer',
    message: expect.stringContaining('9001-initial'),
  });
});

test('a file of that name is not replaced unless asked for; without a database there is nothing to back up', async () => {
  expect(await errorOf(archiveRunning(file(), await options()))).toMatchObject({ code: 'output_exists' });
  const smaller = await archiveRunning(file(), { ...(await options()), overwrite: true });
  expect(smaller.pictures).toBe(0);
  expect((await readdir(folder())).filter((name) => name.endsWith('.part'))).toEqual([]);
  const empty = { ...(await options()), config: await configOf(join(folder(), 'nothing')) };
  expect(await errorOf(writeBackup(join(folder(), 'x.gz'), empty))).toMatchObject({ code: 'no_server_yet' });
});
