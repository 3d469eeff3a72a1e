import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { give } from './ownership.ts';
import type { Place } from './place.ts';
import { pidFileOf } from './postmaster.ts';
import { hasNumber } from './process-identity.ts';
import { ifPresent } from './system-code.ts';

/** Above the highest number that Linux gives (2²²): no process has it. */
const nobodysPid = 2 ** 31 - 1;

/**
 * Clears what a killed server left and `postgres` would stumble over, when no server runs. It takes its predecessor for alive as long as
 * any process of the same user has the number, though that may be a zombie that nobody reaps or, after a reboot, another program.
 */
export async function clearStaleFiles({ data, sockets, folder, account }: Place): Promise<void> {
  for (const name of await readdir(sockets)) {
    if (name.startsWith('.s.PGSQL.')) await rm(path.join(sockets, name));
  }
  // Elsewhere than on Linux we are less sure than PostgreSQL itself.
  const pidFile = pidFileOf(data);
  const text = process.platform === 'linux' ? await ifPresent(readFile(pidFile, 'utf8')) : undefined;
  const pid = Number(text?.split('\n', 1)[0]);
  if (text === undefined || !Number.isSafeInteger(pid) || pid <= 0 || !hasNumber(pid)) return;
  // Not removed: by its other lines PostgreSQL finds the shared memory, and refuses while backends of the killed server are attached to it.
  const corrected = path.join(folder, 'postmaster.pid.corrected');
  await writeFile(corrected, text.replace(/^\d+/, String(nobodysPid)), { mode: 0o600 });
  await give(corrected, account);
  await rename(corrected, pidFile);
}
