import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { clusterFolder, startEmbeddedPostgres } from '@easel/embedded-postgres';
import { systemCode } from '@easel/errors';
import { openDatabase } from '../../src/database/database.ts';
import { migrate } from '../../src/database/migrate.ts';

/**
 * Puts a migrated database into a new data folder: a copy of the one that the first caller in this run of the tests makes. PostgreSQL then starts
 * on it as on one of its own, without the seconds that creating and migrating takes each time. Without such a run nothing is done.
 */
export async function putMigratedDatabase(dataDir: string): Promise<void> {
  const runFolder = process.env.TEST_RUN_FOLDER;
  if (runFolder === undefined) return;
  const original = await originalIn(runFolder);
  const data = clusterFolder(dataDir);
  await mkdir(path.dirname(data), { recursive: true, mode: 0o711 });
  await promisify(execFile)('cp', ['-a', original, data]); // with its owner
}

/** Made by the first that asks for it; others wait. */
async function originalIn(runFolder: string): Promise<string> {
  const original = path.join(runFolder, 'migrated-database');
  const making = `${original}.making`;
  while (!existsSync(original)) {
    if (await isFirst(making)) {
      try {
        if (!existsSync(original)) await rename(await create(making), original);
      } finally {
        await rm(making, { recursive: true, force: true });
      }
    } else await sleep(50);
  }
  return original;
}

/** Whether this call has made the folder. */
async function isFirst(folder: string): Promise<boolean> {
  try {
    await mkdir(folder);
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  }
}

async function create(folder: string): Promise<string> {
  await chmod(folder, 0o711); // as root, the account that PostgreSQL runs as has to pass
  const server = await startEmbeddedPostgres({ dataDir: folder });
  try {
    const database = openDatabase({ address: server.connection, poolSize: 1, onConnectionLost: () => {} });
    try {
      await migrate(database.kysely);
    } finally {
      await database.close();
    }
  } finally {
    await server.stop();
  }
  return clusterFolder(folder);
}
