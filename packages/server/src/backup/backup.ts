import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { clusterFolder, defaultDataDir, startEmbeddedPostgres } from '@easel/embedded-postgres';
import { CodedError, ifPresent, messageOf, systemCode } from '@easel/errors';
import type { Config } from '../config/schema.ts';
import { copyRunningData } from '../database/base-backup.ts';
import { openDatabase } from '../database/database.ts';
import { appliedMigrations } from '../database/migrate.ts';
import { StartupError } from '../startup-error.ts';
import { type ArchivedFile, readTar, writeTar } from './tar.ts';

/** The first file of a backup. */
export interface BackupManifest {
  readonly format: typeof BACKUP_FORMAT;
  readonly created_at: string;
  /** The release of Easel that made it. */
  readonly easel: string;
  /** Of PostgreSQL: `18`. */
  readonly postgres: string;
  /** The changes of the schema that the database has. */
  readonly migrations: readonly string[];
  readonly pictures: boolean;
}

export const BACKUP_FORMAT = 1;
export const MANIFEST = 'easel-backup.json';
/** The last file: `sha256sum -c` reads it. */
const CHECKSUMS = 'SHA256SUMS';
/** Of the data folder, besides database and pictures. */
export const smallFiles = ['secret', 'server-id'] as const;
/** Low, because pictures are compressed already. */
const COMPRESSION = { level: 3 } as const;

export interface BackupOptions {
  readonly config: Config;
  readonly version: string;
  /** Whether pictures are left out. */
  readonly withoutPictures: boolean;
  /** Whether a file of that name is replaced. */
  readonly overwrite: boolean;
  readonly signal: AbortSignal;
}

export interface BackupResult {
  readonly file: string;
  readonly bytes: number;
  readonly files: number;
  readonly pictures: number;
  /** Whether the server's secret is in it; otherwise it is in EASEL_SECRET. */
  readonly hasSecret: boolean;
  readonly migrations: readonly string[];
}

/**
 * Writes a backup of the embedded database and of what belongs to it, while servers and workers go on. The file appears under its name when
 * it is complete and has been read again.
 *
 * @throws CodedError `output_exists`, `output_unwritable`, `disk_full`; StartupError; the signal's reason
 */
export async function writeBackup(file: string, options: BackupOptions): Promise<BackupResult> {
  const { config, signal } = options;
  const dataDir = resolve(config.dataDir ?? defaultDataDir(process.env));
  requirePictures(config, options.withoutPictures);
  await requireEmbedded(config, dataDir);
  const postgres = await startEmbeddedPostgres({ dataDir, signal });
  try {
    return await archiveRunning(file, { ...options, dataDir, address: postgres.connection });
  } finally {
    await postgres.release();
  }
}

/** Of a database that runs. @throws as `writeBackup` */
export async function archiveRunning(
  file: string,
  options: BackupOptions & Pick<Source, 'dataDir' | 'address'>,
): Promise<BackupResult> {
  const { signal, overwrite } = options;
  const target = resolve(file);
  if (!overwrite && (await ifPresent(stat(target))) !== undefined) {
    throw new CodedError('output_exists', `${file} exists already`, {
      remedy: 'choose another name, or add --overwrite',
    });
  }
  const scratch = join(dirname(target), `.${basename(target)}.${process.pid}.part`);
  try {
    const manifest = await manifestOf(options.address, options);
    const counted = new CountedFiles();
    const files = counted.count(filesOf({ ...options, manifest }));
    const tar = Readable.from(writeTar(files), { objectMode: false });
    await pipeline(tar, createGzip(COMPRESSION), createWriteStream(scratch, { flags: 'wx', mode: 0o600 }), { signal });
    await flush(scratch);
    for await (const read of readBackup(scratch)) for await (const _ of read.content) signal.throwIfAborted();
    await rename(scratch, target);
    const { size } = await stat(target);
    const { migrations } = manifest;
    return { file: target, bytes: size, ...counted.result(), migrations };
  } catch (error) {
    throw failureOf(error, file, signal);
  } finally {
    await rm(scratch, { force: true });
  }
}

/** What is in a bucket is not copied through here. */
function requirePictures({ s3: { bucket } }: Config, areLeftOut: boolean): void {
  if (bucket === null || areLeftOut) return;
  throw new StartupError('settings_invalid', `the pictures are in the bucket ${bucket}, not in a folder`, {
    remedy: "leave them out with --no-pictures, and copy the bucket with the store's own tools after that",
  });
}

async function requireEmbedded({ databaseUrl }: Config, dataDir: string): Promise<void> {
  if (databaseUrl !== null) {
    throw new StartupError('settings_invalid', 'the database is the PostgreSQL server of DATABASE_URL', {
      remedy:
        "back it up with that server's own tools, such as pg_dump, and copy the image folder and the file `secret`",
    });
  }
  if ((await ifPresent(stat(clusterFolder(dataDir)))) !== undefined) return;
  throw new StartupError('no_server_yet', `there is no database in the data folder ${dataDir}`, {
    remedy: 'name the data folder of the server with --data-dir',
  });
}

async function manifestOf(
  address: Parameters<typeof copyRunningData>[0],
  { version, withoutPictures }: BackupOptions,
): Promise<BackupManifest> {
  const database = openDatabase({ address, onConnectionLost: () => {}, poolSize: 1 });
  try {
    const { migrations, postgres } = await appliedMigrations(database.kysely);
    return {
      format: BACKUP_FORMAT,
      created_at: new Date().toISOString(),
      easel: version,
      postgres,
      migrations,
      pictures: !withoutPictures,
    };
  } finally {
    await database.close();
  }
}

interface Source {
  readonly dataDir: string;
  readonly address: Parameters<typeof copyRunningData>[0];
  readonly manifest: BackupManifest;
  readonly config: Config;
  readonly signal: AbortSignal;
}

/** The pictures come after the database: the file of a picture is there before its row is. */
async function* filesOf({ dataDir, address, manifest, config, signal }: Source): AsyncGenerator<ArchivedFile> {
  const sums: string[] = [];
  yield summed(fileOf(MANIFEST, Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`)), sums);
  for (const name of smallFiles) {
    const bytes = await ifPresent(readFile(join(dataDir, name)));
    if (bytes !== undefined) yield summed(fileOf(name, bytes), sums);
  }
  for await (const file of copyRunningData(address, clusterFolder(dataDir), signal)) {
    yield summed({ ...file, name: `database/${file.name}` }, sums);
  }
  if (manifest.pictures) {
    for await (const file of picturesOf(config.imagesDir ?? join(dataDir, 'images'))) {
      signal.throwIfAborted();
      yield summed(file, sums);
    }
  }
  yield fileOf(CHECKSUMS, Buffer.from(sums.join('')));
}

function fileOf(name: string, bytes: Uint8Array): ArchivedFile {
  return { name, size: bytes.length, content: Readable.from([bytes]) };
}

/** Pictures and start images in `3f/0b/`; one that is deleted meanwhile is left out. */
async function* picturesOf(root: string): AsyncGenerator<ArchivedFile> {
  const names = (await ifPresent(readdir(root, { recursive: true }))) ?? [];
  for (const name of names.filter((each) => /^[0-9a-f]{2}\/[0-9a-f]{2}\/[0-9a-f]{32}\.[a-z]+$/.test(each)).toSorted()) {
    const bytes = await ifPresent(readFile(join(root, name)));
    if (bytes !== undefined) yield fileOf(`images/${name}`, bytes);
  }
}

/** The same file; once its content has been read, its SHA-256 is in the list. */
function summed(file: ArchivedFile, sums: string[]): ArchivedFile {
  if (file.name.endsWith('/')) return file;
  const content = async function* () {
    const hash = createHash('sha256');
    for await (const bytes of file.content) {
      hash.update(bytes);
      yield bytes;
    }
    sums.push(`${hash.digest('hex')}  ${file.name}\n`);
  };
  return { ...file, content: content() };
}

/** Counts what goes by. */
class CountedFiles {
  readonly #names: string[] = [];

  async *count(files: AsyncIterable<ArchivedFile>): AsyncGenerator<ArchivedFile> {
    for await (const file of files) {
      this.#names.push(file.name);
      yield file;
    }
  }

  result() {
    const pictures = this.#names.filter((name) => name.startsWith('images/')).length;
    return { files: this.#names.length, pictures, hasSecret: this.#names.includes('secret') };
  }
}

/**
 * The files of a backup, each as it is read; at the end they are compared with the checksums.
 *
 * @throws StartupError `backup_unusable` for what is no backup, or is damaged or cut off
 */
export async function* readBackup(file: string): AsyncGenerator<ArchivedFile, void, undefined> {
  const seen: string[] = [];
  let listed: string | undefined;
  const raw = createReadStream(file);
  const unzipped = raw.pipe(createGunzip());
  raw.on('error', (error) => unzipped.destroy(error));
  try {
    for await (const archived of readTar(unzipped)) {
      if (archived.name === CHECKSUMS) listed = (await bytesOf(archived)).toString();
      else yield checked(file, summed(archived, seen));
    }
    if (listed === undefined) throw new RangeError('it has no checksums');
    const lines = listed.split('\n').filter(Boolean);
    const read = new Set(seen.map((line) => line.trimEnd()));
    const wrong = lines.find((line) => !read.has(line));
    if (wrong !== undefined || lines.length !== read.size) {
      throw new RangeError(`${wrong?.split('  ', 2)[1] ?? 'a file'} is damaged or missing`);
    }
  } catch (cause) {
    throw unusable(file, cause);
  } finally {
    raw.destroy();
    unzipped.destroy();
  }
}

/** The same file, whose content says which backup it is that it cannot be read from. */
function checked(backup: string, file: ArchivedFile): ArchivedFile {
  const content = async function* () {
    try {
      yield* file.content;
    } catch (cause) {
      throw unusable(backup, cause);
    }
  };
  return { ...file, content: content() };
}

function unusable(backup: string, cause: unknown): CodedError {
  if (cause instanceof CodedError) return cause;
  return new StartupError('backup_unusable', `the backup ${backup} cannot be used: ${messageOf(cause)}`, {
    remedy: 'use another backup',
    cause,
  });
}

export async function bytesOf({ content }: ArchivedFile): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of content) parts.push(part);
  return Buffer.concat(parts);
}

async function flush(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function failureOf(error: unknown, file: string, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  const code = systemCode(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new CodedError('disk_full', `there is no room for ${file}`, {
      remedy: 'free some space, or choose another disk',
      cause: error,
    });
  }
  if (code === undefined || error instanceof CodedError) return error;
  return new CodedError('output_unwritable', `${file} cannot be written: ${messageOf(error)}`, { cause: error });
}
