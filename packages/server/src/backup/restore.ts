import { createWriteStream } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { isRecord } from '@easel/contract';
import {
  defaultDataDir,
  isDatabaseRunning,
  lockDataDir,
  makePrivateFolder,
  startEmbeddedPostgres,
} from '@easel/embedded-postgres';
import { CodedError, ifPresent, systemCode } from '@easel/errors';
import type { Config } from '../config/schema.ts';
import { findLedgerFaults } from '../credits/ledger.ts';
import { openDatabase } from '../database/database.ts';
import { requireKnownMigrations } from '../database/migrate.ts';
import { StartupError } from '../startup-error.ts';
import { BACKUP_FORMAT, type BackupManifest, bytesOf, MANIFEST, readBackup, smallFiles } from './backup.ts';
import type { ArchivedFile } from './tar.ts';

export interface RestoreOptions {
  readonly config: Config;
  /** Whether what the data folder has is moved aside. */
  readonly force: boolean;
  readonly signal: AbortSignal;
}

export interface RestoreResult {
  readonly dataDir: string;
  /** When the backup was made. */
  readonly createdAt: string;
  readonly pictures: number;
  readonly hasSecret: boolean;
  /** Where what was there before is now; null: there was nothing. */
  readonly before: string | null;
}

/** What a restored data folder consists of; anything else in it, such as LoRAs, stays. */
const parts = ['postgres', 'images', ...smallFiles] as const;

/**
 * Puts a backup into the data folder. It is unpacked and checked under another name, and its database is started once, which makes it
 * consistent, and checked; only then it gets its place. Until then nothing that was there is touched.
 *
 * @throws StartupError `backup_unusable`, `database_newer`, `data_folder_in_use`, `settings_invalid`; CodedError `output_exists`; the signal's reason
 */
export async function restoreBackup(file: string, { config, force, signal }: RestoreOptions): Promise<RestoreResult> {
  if (config.databaseUrl !== null) {
    throw new StartupError(
      'settings_invalid',
      'a backup is restored into the embedded database, and DATABASE_URL is set',
      {
        remedy: 'unset DATABASE_URL',
      },
    );
  }
  const source = resolve(file);
  const lock = await lockDataDir(resolve(config.dataDir ?? defaultDataDir(process.env)));
  const { dataDir } = lock;
  try {
    const present = await presentParts(dataDir);
    if (present.length > 0 && !force) {
      throw new CodedError('output_exists', `the data folder ${dataDir} is not empty: it has ${present.join(', ')}`, {
        remedy: 'choose another one with --data-dir, or add --force: what is there is moved aside',
      });
    }
    await requireStopped(dataDir, signal);
    await removeLeftovers(dataDir, signal);
    const scratch = await mkdtemp(join(dataDir, SCRATCH));
    try {
      // As root, the account that PostgreSQL runs as must pass through.
      if (process.getuid?.() === 0) await chmod(scratch, 0o711);
      const unpacked = await unpack(source, scratch, signal);
      await checkDatabase(source, scratch, signal);
      // First what may fail for want of room: afterwards folders are renamed only.
      if (config.imagesDir !== null) await mergePictures(join(scratch, 'images'), resolve(config.imagesDir));
      const before = await moveAside(dataDir, present);
      await putInPlace(scratch, dataDir, config.imagesDir);
      return { dataDir, before, ...unpacked };
    } catch (cause) {
      if (signal.aborted) throw signal.reason;
      if (systemCode(cause) !== 'ENOSPC' && systemCode(cause) !== 'EDQUOT') throw cause;
      throw new CodedError('disk_full', `there is no room for the backup in ${dataDir}`, {
        remedy: 'free some space',
        cause,
      });
    } finally {
      await rm(scratch, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    }
  } finally {
    await lock.release();
  }
}

/** How the folder's name begins in which a backup is unpacked. */
const SCRATCH = '.easel-restore-';
const isScratch = (name: string) => name.startsWith(SCRATCH) && /^[A-Za-z0-9]{6}$/.test(name.slice(SCRATCH.length));

async function presentParts(dataDir: string): Promise<string[]> {
  const found = await Promise.all(
    parts.map(async (part) => [part, await ifPresent(stat(join(dataDir, part)))] as const),
  );
  const present: string[] = [];
  for (const [part, stats] of found) {
    if (stats === undefined) continue;
    if (!stats.isDirectory() || (await readdir(join(dataDir, part))).length > 0) present.push(part);
  }
  return present;
}

/** A worker may use the database without a server, and a process that was killed may have left it running, which is then stopped. */
async function requireStopped(dataDir: string, signal: AbortSignal): Promise<void> {
  if (!(await isDatabaseRunning(dataDir))) return;
  const postgres = await startEmbeddedPostgres({ dataDir, signal });
  if (await postgres.release()) return;
  throw new StartupError(
    'data_folder_in_use',
    `the database of the data folder ${dataDir} is in use by another process`,
    {
      remedy: 'stop all servers and workers that use it',
    },
  );
}

/** What a restore that was killed has left, and the database that it may have been checking. */
async function removeLeftovers(dataDir: string, signal: AbortSignal): Promise<void> {
  for (const { name } of (await readdir(dataDir, { withFileTypes: true })).filter((each) => each.isDirectory())) {
    if (!isScratch(name)) continue;
    const leftover = join(dataDir, name);
    if (await isDatabaseRunning(leftover)) await (await startEmbeddedPostgres({ dataDir: leftover, signal })).stop();
    await rm(leftover, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

async function unpack(
  source: string,
  scratch: string,
  signal: AbortSignal,
): Promise<Pick<RestoreResult, 'createdAt' | 'pictures' | 'hasSecret'>> {
  let manifest: BackupManifest | undefined;
  let pictures = 0;
  let hasSecret = false;
  for await (const archived of readBackup(source)) {
    signal.throwIfAborted();
    const { name } = archived;
    if (name === MANIFEST) {
      manifest = readManifest(source, await bytesOf(archived));
      continue;
    }
    if (manifest === undefined) throw unusable(source, `it does not begin with ${MANIFEST}`);
    await writeFileOf(archived, placeOf(source, scratch, name));
    if (name.startsWith('images/')) pictures += 1;
    if (name === 'secret') hasSecret = true;
  }
  if (manifest === undefined) throw unusable(source, 'it is empty');
  return { createdAt: manifest.created_at, pictures, hasSecret };
}

function readManifest(source: string, bytes: Buffer): BackupManifest {
  const read: unknown = JSON.parse(bytes.toString());
  if (!isManifest(read)) throw unusable(source, 'it was made by a release of Easel that this one does not know');
  requireKnownMigrations(read.migrations, 'the backup was made');
  return read;
}

function isManifest(value: unknown): value is BackupManifest {
  return isRecord(value) && value.format === BACKUP_FORMAT && Array.isArray(value.migrations);
}

/** @throws for a name that leads out of the folder, or to something that a backup does not have */
function placeOf(source: string, scratch: string, name: string): string {
  const renamed = name.replace(/^database\//, 'postgres/data/');
  const place = resolve(scratch, renamed);
  const isKnown = parts.some((part) => renamed === part || renamed.startsWith(`${part}/`));
  if (!isKnown || !place.startsWith(`${scratch}${sep}`))
    throw unusable(source, `it has a file ${JSON.stringify(name)}`);
  return place;
}

async function writeFileOf({ name, content }: ArchivedFile, place: string): Promise<void> {
  if (name.endsWith('/')) {
    await makePrivateFolder(place);
    return;
  }
  await makePrivateFolder(dirname(place));
  await pipeline(content, createWriteStream(place, { flags: 'wx', mode: 0o600 }));
}

/** Starts the database once, which replays its log, and compares balances with the ledger. */
async function checkDatabase(source: string, scratch: string, signal: AbortSignal): Promise<void> {
  const postgres = await startEmbeddedPostgres({ dataDir: scratch, signal });
  try {
    const database = openDatabase({ address: postgres.connection, onConnectionLost: () => {}, poolSize: 1 });
    try {
      const faults = await database.transaction(findLedgerFaults);
      if (faults > 0) throw unusable(source, `its ledger does not balance in ${faults} places`);
    } finally {
      await database.close();
    }
  } finally {
    await postgres.stop();
  }
}

async function moveAside(dataDir: string, present: readonly string[]): Promise<string | null> {
  if (present.length === 0) return null;
  const before = join(dataDir, `before-restore-${new Date().toISOString().replace(/[:.]/g, '-')}`);
  await mkdir(before, { mode: 0o700 });
  for (const part of present) await rename(join(dataDir, part), join(before, part));
  return before;
}

async function putInPlace(scratch: string, dataDir: string, imagesDir: string | null): Promise<void> {
  for (const part of parts) {
    if ((await ifPresent(stat(join(scratch, part)))) === undefined) continue;
    if (part === 'images' && imagesDir !== null) continue;
    await rm(join(dataDir, part), { recursive: true, force: true }); // an empty folder
    await rename(join(scratch, part), join(dataDir, part));
  }
}

/** A folder of pictures that the operator has chosen may hold others, and be on another disk. No two pictures have the same name. */
async function mergePictures(from: string, to: string): Promise<void> {
  const entries = await ifPresent(readdir(from, { recursive: true, withFileTypes: true }));
  for (const entry of entries ?? []) {
    if (!entry.isFile()) continue;
    const source = join(entry.parentPath, entry.name);
    const target = join(to, source.slice(from.length));
    await makePrivateFolder(dirname(target));
    await rename(source, target).catch(async (error: unknown) => {
      if (systemCode(error) !== 'EXDEV') throw error;
      await copyFile(source, target);
    });
  }
}

function unusable(source: string, reason: string): StartupError {
  return new StartupError('backup_unusable', `the backup ${source} cannot be used: ${reason}`, {
    remedy: 'use another backup',
  });
}
