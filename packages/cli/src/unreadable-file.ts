import { type Code, CodedError, systemCode } from '@easel/errors';

const unreadableBecause: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is not a folder',
  ENAMETOOLONG: 'its name is too long',
  ELOOP: 'its links go in a circle',
  EIO: 'the disk reports an error',
};

/** A file of the user that cannot be read. @param what as the message begins, such as `--image apple.png` */
export function unreadableFile(code: Code, what: string, thrown: unknown): CodedError {
  const system = systemCode(thrown);
  const reason = system === undefined ? String(thrown) : (unreadableBecause[system] ?? system);
  return new CodedError(code, `${what} cannot be read: ${reason}`, { cause: thrown });
}
