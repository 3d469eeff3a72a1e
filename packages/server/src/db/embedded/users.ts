import { chmod, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { identityOf, isRunning } from './process-identity.ts';
import { ifPresent } from './system-code.ts';

const PREFIX = 'user-';

/** Notes in PostgreSQL's folder that this process uses the server. Under the start lock, as all of this. */
export async function noteUser(folder: string): Promise<void> {
  const file = path.join(folder, `${PREFIX}${process.pid}`);
  await writeFile(file, (await identityOf(process.pid)).started);
  await chmod(file, 0o644); // a start by another account has to read it
}

/** Takes the note back. @returns whether another living process uses the server; the notes of dead ones go */
export async function removeUser(folder: string): Promise<boolean> {
  let others = 0;
  for (const name of await readdir(folder)) {
    if (!name.startsWith(PREFIX)) continue;
    const pid = Number(name.slice(PREFIX.length));
    const file = path.join(folder, name);
    const started = await ifPresent(readFile(file, 'utf8'));
    if (started === undefined) continue;
    if (pid !== process.pid && (await isRunning({ pid, started }))) others += 1;
    else await rm(file, { force: true });
  }
  return others > 0;
}
