import { chmod, mkdir, realpath } from 'node:fs/promises';
import path from 'node:path';

/**
 * Makes the data folder if it is not there, and resolves to its one true path: symbolic links must not let two spellings of a folder
 * pass for two folders. A folder that exists keeps its permissions.
 */
export async function createDataDir(dataDir: string): Promise<string> {
  const folder = path.resolve(dataDir);
  const created = await mkdir(folder, { recursive: true });
  // As root, the account that PostgreSQL runs as must pass through; it need not list. chmod, for mkdir's mode is cut by the umask.
  if (created !== undefined) await chmod(folder, process.getuid?.() === 0 ? 0o711 : 0o700);
  return realpath(folder);
}
