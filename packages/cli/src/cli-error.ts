import { type ExitStatus, exitStatus } from './exit-status.ts';

export const statusOf = {
  usage: exitStatus.usage,
  prompt_empty: exitStatus.usage,
  prompt_unreadable: exitStatus.usage,
  image_unreadable: exitStatus.usage,
  output_exists: exitStatus.output,
  output_unwritable: exitStatus.output,
  disk_full: exitStatus.output,
  page_not_built: exitStatus.failed,
  key_missing: exitStatus.usage,
  not_found: exitStatus.usage,
  stopped: exitStatus.interrupted,
} as const satisfies Record<string, ExitStatus>;

export type CliErrorCode = keyof typeof statusOf;

/** What the command itself refuses or fails at; the engine's own failures are `EngineError`s. */
export class CliError extends Error {
  readonly code: CliErrorCode;
  readonly hint: string | undefined;

  /** @param hint what to do about it, when the message does not say so already */
  constructor(code: CliErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'CliError';
    this.code = code;
    this.hint = options.hint;
  }

  get exitStatus(): ExitStatus {
    return statusOf[this.code];
  }
}

/** The error code of a failed system call, such as ENOENT; undefined for anything else that was thrown. */
export function systemCode(thrown: unknown): string | undefined {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined;
}

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
export function unreadableFile(code: CliErrorCode, what: string, thrown: unknown): CliError {
  const system = systemCode(thrown);
  const reason = system === undefined ? String(thrown) : (unreadableBecause[system] ?? system);
  return new CliError(code, `${what} cannot be read: ${reason}`, { cause: thrown });
}
