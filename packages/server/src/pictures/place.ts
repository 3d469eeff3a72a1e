import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { isMissing } from '../files/system-error.ts';
import { isId } from '../ids.ts';

/**
 * What a data folder is known as to other servers: the file `server-id`, drawn when it is not there. Only the server that has
 * locked the folder asks.
 */
export async function placeOfFolder(dataDir: string): Promise<string> {
  const file = path.join(dataDir, 'server-id');
  const known = await readFile(file, 'utf8').catch((error: unknown) => {
    if (isMissing(error)) return '';
    throw error;
  });
  if (isId(known.trim())) return known.trim();
  const place = randomUUID();
  await writeFile(file, `${place}\n`, { mode: 0o600 });
  return place;
}
