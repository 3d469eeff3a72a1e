import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** The name under which a file is written before it gets its own: hidden, and another in every call. */
const unfinished = /^\.[^.]+\.[0-9a-f-]{36}$/;

export function isUnfinished(name: string): boolean {
  return unfinished.test(name);
}

/** Writes a file that other processes see whole or not at all, readable by its owner only; its folder is created. */
export async function writeCacheFile(file: string, content: string | Uint8Array): Promise<void> {
  await makeFolder(dirname(file));
  const [name = ''] = basename(file).split('.');
  const scratch = join(dirname(file), `.${name}.${randomUUID()}`);
  try {
    await writeFile(scratch, content, { mode: 0o600, flag: 'wx' });
    await rename(scratch, file);
  } catch (error) {
    await rm(scratch, { force: true });
    throw error;
  }
}

/** Folder by folder: with `recursive`, Node 24 retries forever where a file system allows no folders (/proc). */
async function makeFolder(folder: string): Promise<void> {
  if (existsSync(folder)) return;
  await makeFolder(dirname(folder));
  await mkdir(folder, { mode: 0o700 }).catch((error: unknown) => {
    if (!existsSync(folder)) throw error; // another process has created it
  });
}
