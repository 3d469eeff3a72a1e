import { CodedError, systemCode } from '@easel/errors';

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOENT: 'files cannot be created there',
  ENOTDIR: 'it is not a folder',
  ENAMETOOLONG: 'the name is too long',
  EIO: 'the disk reports an error',
  ELOOP: 'its links go in a circle',
};

/** What a failed system call in `folder` means to the person who asked for the file. */
export function outputFailure(folder: string, thrown: unknown): CodedError {
  if (thrown instanceof CodedError) return thrown;
  const code = systemCode(thrown);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    const full = code === 'ENOSPC' ? 'the disk is full' : 'your quota on the disk is used up';
    return new CodedError(
      'disk_full',
      `cannot save in ${folder}: ${full}; nothing was saved. Free some space or choose another --output`,
      { cause: thrown },
    );
  }
  const reason = code === undefined ? String(thrown) : (reasons[code] ?? code);
  return new CodedError('output_unwritable', `cannot save in ${folder}: ${reason}; choose another --output`, {
    cause: thrown,
  });
}
