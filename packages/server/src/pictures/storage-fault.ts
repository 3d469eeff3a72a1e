import { StorageUnavailable } from './image-store.ts';

/** What an operator does about it, by the code of the system's error (errno(3)). */
const remedies: Readonly<Record<string, string>> = {
  ENOSPC: 'is full; free some space, or shorten retention.imagesSeconds',
  EDQUOT: 'has used up its disk quota; free some space, or raise the quota',
  EROFS: 'is on a file system that is mounted read-only; mount it writable',
  ENOENT: 'is missing; mount it, or create it again',
  ENOTDIR: 'is not a folder; put the folder back in its place',
  EACCES: 'may not be written by this user; give the user that runs Easel write permission',
  EPERM: 'may not be written by this user; give the user that runs Easel write permission',
  EIO: 'is on a disk that reports errors; look at the disk',
  ESTALE: 'is on a network file system that was replaced; mount it again',
  ENOTCONN: 'is on a network file system that is not connected; mount it again',
  EHOSTDOWN: 'is on a network file system that does not answer; look at its server',
  ETIMEDOUT: 'is on a network file system that does not answer; look at its server',
  EMFILE: 'cannot be opened because this process has too many files open; raise its limit (ulimit -n)',
  ENFILE: 'cannot be opened because the system has too many files open; raise its limit',
};

/** What the store throws for an error of the file system: `StorageUnavailable` for one that passes when somebody sees to it. */
export function storageFault(error: unknown, root: string): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const remedy = remedies[code];
  if (remedy === undefined) return error;
  return new StorageUnavailable(`the image folder ${root} ${remedy} (${code})`, { cause: error });
}
