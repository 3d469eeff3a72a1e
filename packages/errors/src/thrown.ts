/** What somebody else's error says, or whatever else was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The error code of a failed system call, such as `ENOENT`; undefined for anything else that was thrown. */
export function systemCode(thrown: unknown): string | undefined {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined;
}

/** Whether a system call failed because there is no such file or folder. */
export function isMissing(thrown: unknown): boolean {
  return systemCode(thrown) === 'ENOENT';
}

/** What the operation found, or undefined where there is no such file. */
export async function ifPresent<Found>(operation: Promise<Found>): Promise<Found | undefined> {
  try {
    return await operation;
  } catch (thrown) {
    if (isMissing(thrown)) return undefined;
    throw thrown;
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is not a folder',
  ENAMETOOLONG: 'its name is too long',
  ELOOP: 'its links go in a circle',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota on the disk is used up',
  EIO: 'the disk reports an error',
};

/** Of a folder that was to be created. */
const folderReasons: Readonly<Record<string, string>> = {
  ...reasons,
  ENOENT: 'folders cannot be created there',
  EEXIST: 'it is not a folder',
};

/** Why a file cannot be read, from what the system call threw. */
export function whyUnreadable(thrown: unknown): string {
  return inWords(thrown, reasons);
}

/** Why there can be no such folder, from what the system call threw. */
export function whyNoFolder(thrown: unknown): string {
  return inWords(thrown, folderReasons);
}

function inWords(thrown: unknown, words: Readonly<Record<string, string>>): string {
  return words[systemCode(thrown) ?? ''] ?? messageOf(thrown);
}
