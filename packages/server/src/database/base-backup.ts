import type { Dirent } from 'node:fs';
import { open, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ifPresent } from '@easel/errors';
import { Client } from 'pg';
import { connectionSettings, type DatabaseAddress } from './database.ts';

/** A file of the copy; a name that ends in `/` is an empty folder. */
export interface CopiedFile {
  /** Relative to the data, with `/`. */
  readonly name: string;
  readonly size: number;
  readonly content: AsyncIterable<Uint8Array>;
}

/** What a copy begins without (PostgreSQL, "Making a Base Backup Using the Low Level API"): folders keep their place, without content. */
const emptied: ReadonlySet<string> = new Set([
  'pg_wal',
  'pg_replslot',
  'pg_dynshmem',
  'pg_notify',
  'pg_serial',
  'pg_snapshots',
  'pg_stat_tmp',
  'pg_subtrans',
]);
const skipped: ReadonlySet<string> = new Set([
  'postmaster.pid',
  'postmaster.opts',
  'backup_label',
  'backup_label.old',
  'tablespace_map',
  'backup_manifest',
  'current_logfiles',
]);
/** Caches and temporary files, in whichever folder. */
const passing = /^(pg_internal\.init|pgsql_tmp)|^t\d+_\d+/;
const WAL_FILE = /^[0-9A-F]{24}$/;
/** Read last, so that it is not older than what it speaks of. */
const CONTROL_FILE = 'global/pg_control';

/**
 * Copies the data of a running PostgreSQL server of this machine: files as they are at the moment they are read, and the log from before the
 * first to after the last of them, by which the server that is started on the copy makes them consistent. So the copy is of the moment in
 * which the last file has been read. Writing goes on meanwhile. All content has to be read before the next file is asked for.
 *
 * @param data the server's own folder
 */
export async function* copyRunningData(
  address: DatabaseAddress,
  data: string,
  signal: AbortSignal,
): AsyncGenerator<CopiedFile, void, undefined> {
  const client = new Client(connectionSettings(address));
  client.on('error', () => {}); // the next query fails too
  await client.connect();
  try {
    // Keeps the log from being recycled while it is not copied yet; it ends with the connection.
    await client.query('select pg_create_physical_replication_slot($1, true, true)', [`easel_backup_${process.pid}`]);
    await client.query(`select pg_backup_start('easel backup', true)`);
    for await (const name of filesOf(data)) {
      signal.throwIfAborted();
      const file = name.endsWith('/') ? emptyFolder(name) : await openFile(data, name);
      if (file !== undefined) yield file;
    }
    const control = await openFile(data, CONTROL_FILE);
    if (control !== undefined) yield control;
    const { rows } = await client.query<{ label: string; last: string }>(
      'select labelfile as label, pg_walfile_name(lsn) as last from pg_backup_stop(false)',
    );
    const [end] = rows;
    const first = /\(file (?<wal>[0-9A-F]{24})\)/.exec(end?.label ?? '')?.groups?.wal;
    if (end === undefined || first === undefined)
      throw new Error('PostgreSQL did not say where the log of the copy begins');
    yield* logFiles(data, first, end.last, signal);
    const label = Buffer.from(end.label);
    yield { name: 'backup_label', size: label.length, content: once(label) };
  } finally {
    await client.end().catch(() => {});
  }
}

/** All but the log and what is left out, folders without content as names that end in `/`. */
async function* filesOf(data: string, folder = ''): AsyncGenerator<string> {
  const entries = await ifPresent(readdir(join(data, folder), { withFileTypes: true }));
  if (entries === undefined) return;
  if (entries.length === 0) yield folder;
  for (const entry of entries.toSorted(byName)) {
    const name = `${folder}${entry.name}`;
    if (passing.test(entry.name) || skipped.has(name) || name === CONTROL_FILE) continue;
    if (entry.isFile()) yield name;
    else if (emptied.has(name)) yield* [`${name}/`, ...(name === 'pg_wal' ? ['pg_wal/archive_status/'] : [])];
    else if (entry.isDirectory()) yield* filesOf(data, `${name}/`);
  }
}

function byName(one: Dirent, other: Dirent): number {
  return one.name < other.name ? -1 : 1;
}

/** The log is complete when the copy has ended: PostgreSQL began another file with it. */
async function* logFiles(data: string, first: string, last: string, signal: AbortSignal): AsyncGenerator<CopiedFile> {
  for (const name of (await readdir(join(data, 'pg_wal'))).toSorted()) {
    signal.throwIfAborted();
    const isNeeded = WAL_FILE.test(name) ? name >= first && name <= last : name.endsWith('.history');
    const file = isNeeded ? await openFile(data, `pg_wal/${name}`) : undefined;
    if (file !== undefined) yield file;
  }
}

/** @returns undefined when there is none any more: a table was dropped, and the log tells of that */
async function openFile(data: string, name: string): Promise<CopiedFile | undefined> {
  const path = join(data, name);
  const found = await ifPresent(stat(path));
  if (found === undefined) return undefined;
  const { size } = found;
  // Small ones at once: most are.
  if (size <= 2 ** 20) {
    const bytes = await ifPresent(readFile(path));
    return bytes && { name, size, content: once(sizedTo(bytes, size)) };
  }
  return { name, size, content: readSized(path, size) };
}

/** A file that grew meanwhile is cut off and one that shrank is filled with zeros: the log makes it right. */
async function* readSized(path: string, size: number): AsyncGenerator<Uint8Array> {
  const handle = await ifPresent(open(path));
  let left = size;
  try {
    while (handle !== undefined && left > 0) {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(Math.min(left, 2 ** 20)), 0);
      if (bytesRead === 0) break;
      left -= bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle?.close();
  }
  for (; left > 0; left -= Math.min(left, 2 ** 20)) yield Buffer.alloc(Math.min(left, 2 ** 20));
}

function sizedTo(bytes: Uint8Array, size: number): Uint8Array {
  return bytes.length >= size ? bytes.subarray(0, size) : Buffer.concat([bytes, Buffer.alloc(size - bytes.length)]);
}

function emptyFolder(name: string): CopiedFile {
  return { name, size: 0, content: once(Buffer.alloc(0)) };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
