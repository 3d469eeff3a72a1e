import { chmod, realpath } from 'node:fs/promises';
import path from 'node:path';
import { makePrivateFolder } from '../../files/private-folder.ts';
import { whyNoFolder } from '../../files/system-error.ts';
import { DatabaseUnavailable } from './database-unavailable.ts';

/**
 * Makes the data folder if it is not there, and resolves to its one true path: symbolic links must not let two spellings of a folder
 * pass for two folders. A folder that exists keeps its permissions: it may be more than Easel's, and what Easel keeps in it is private.
 *
 * @throws {DatabaseUnavailable} `data_folder_unusable`
 */
export async function createDataDir(dataDir: string): Promise<string> {
  const folder = path.resolve(dataDir);
  try {
    const isNew = await makePrivateFolder(folder);
    // As root, the account that PostgreSQL runs as must pass through; it need not list.
    if (isNew && process.getuid?.() === 0) await chmod(folder, 0o711);
    return await realpath(folder);
  } catch (cause) {
    throw new DatabaseUnavailable(
      `the data folder ${folder} cannot be created or used: ${whyNoFolder(cause)}`,
      'choose a folder that the user Easel runs as can write, with --data-dir or EASEL_DATA_DIR',
      { cause, code: 'data_folder_unusable' },
    );
  }
}
