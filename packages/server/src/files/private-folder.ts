import { chmod, mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

const PRIVATE = 0o700;

/**
 * Makes a folder, and those above it that are missing, for this account only, whatever the umask is. One that exists is left as it is.
 * Not `mkdir` with `recursive`: where a file system takes no folders (/proc), Node 24 tries for ever.
 *
 * @returns whether it was made
 * @throws what the system says, such as EACCES, ENOTDIR or ENOENT where no folder can be
 */
export async function makePrivateFolder(folder: string): Promise<boolean> {
  try {
    return await makeOne(folder);
  } catch (error) {
    const above = dirname(folder);
    if (codeOf(error) !== 'ENOENT' || above === folder || (await isFolder(above))) throw error;
    await makePrivateFolder(above);
    return makeOne(folder);
  }
}

/** Takes the access of other accounts away from a folder or file. One of another owner cannot be changed, and stays. */
export async function makePrivate(path: string, mode: number = PRIVATE): Promise<void> {
  const found = await stat(path);
  if ((found.mode & 0o777) !== mode && isOurs(found.uid)) await chmod(path, mode);
}

async function makeOne(folder: string): Promise<boolean> {
  try {
    await mkdir(folder, PRIVATE);
  } catch (error) {
    // EEXIST, but some systems say EISDIR or EROFS of a folder that is there.
    if (await isFolder(folder)) return false;
    throw error;
  }
  await makePrivate(folder); // what mkdir makes has less where the umask takes some of it away
  return true;
}

async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() ?? false;
}

function isOurs(owner: number): boolean {
  const own = process.getuid?.();
  return own === 0 || own === owner;
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
