import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';

/** The system account that PostgreSQL's processes run as, where it is not our own. */
export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

export interface ProgramResult {
  /** The exit status; null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Nothing of ours leaks into PostgreSQL's processes: no secret, no PGDATA, no library path. Its messages are read, hence in English. */
export const programEnvironment = { PATH: process.env.PATH ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' } as const;

/** The part of spawn's options that makes a process run as the account. */
export function runAs(account: Account | undefined): { uid?: number; gid?: number } {
  return account ? { uid: account.uid, gid: account.gid } : {};
}

/**
 * Runs a program to its end. An abort kills it with all its children; the promise settles when the last of them is gone.
 * @throws what the spawn failed with (EACCES, ENOENT, …), or the signal's reason
 */
export async function runProgram(
  file: string,
  args: readonly string[],
  { account, signal }: { readonly account: Account | undefined; readonly signal: AbortSignal },
): Promise<ProgramResult> {
  signal.throwIfAborted();
  // detached: a process group of its own, so that one signal reaches its children too.
  const options = { ...runAs(account), cwd: '/', detached: true, env: programEnvironment } as const;
  const child = spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const killAll = () => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  };
  signal.addEventListener('abort', killAll);
  child.once('exit', () => signal.removeEventListener('abort', killAll));
  const texts = Promise.all([textOf(child.stdout), textOf(child.stderr)]);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('close', resolve);
      child.once('error', reject);
    });
    signal.throwIfAborted();
    const [stdout, stderr] = await texts;
    return { code, stdout, stderr };
  } finally {
    signal.removeEventListener('abort', killAll);
  }
}

function textOf(stream: Readable): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    stream.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    stream.once('close', () => resolve(text));
  });
}
