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

/** Whether a file operation failed because there is no such file or folder. */
export function isMissing(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT';
}

function inWords(thrown: unknown, words: Readonly<Record<string, string>>): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const code = 'code' in thrown ? String(thrown.code) : '';
  return words[code] ?? thrown.message;
}
