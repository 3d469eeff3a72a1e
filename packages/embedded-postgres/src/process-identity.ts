import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { systemCode } from '@easel/errors';

/** A process that cannot be mistaken for a later one of the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in the system's own terms; empty where the system does not tell. Fit for comparing only. */
  readonly started: string;
}

export async function identityOf(pid: number): Promise<ProcessIdentity> {
  return { pid, started: (await startOf(pid)) ?? '' };
}

/** Whether this very process still runs: a zombie does not, nor does another program that was given its number. */
export async function isRunning({ pid, started }: ProcessIdentity): Promise<boolean> {
  if (!hasNumber(pid)) return false;
  const now = await startOf(pid);
  // Nothing to compare: it ended just now, or /proc hides other users' processes (mount option hidepid).
  if (now === undefined || started === '') return hasNumber(pid);
  return now === started;
}

/** Whether any process, running or zombie, has this number. */
export function hasNumber(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return systemCode(thrown) === 'EPERM';
  }
}

function startOf(pid: number): Promise<string | undefined> {
  return process.platform === 'linux' ? startFromProc(pid) : startFromPs(pid);
}

/**
 * State and start time (clock ticks since boot) are fields 3 and 22 of proc_pid_stat(5), counted after the program's name, which may itself
 * hold spaces and parentheses. Ticks mean something within one boot only.
 */
async function startFromProc(pid: number): Promise<string | undefined> {
  const [stat, boot] = await Promise.all([
    readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined),
    readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => ''),
  ]);
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? 'ended' : `${fields[19]}-${boot.trim()}`;
}

/** The start to the second, from ps(1): for systems without /proc. */
export async function startFromPs(pid: number): Promise<string | undefined> {
  try {
    const env = { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' };
    const { stdout } = await promisify(execFile)('ps', ['-o', 'lstart=', '-p', String(pid)], { env });
    return stdout.trim();
  } catch {
    return undefined;
  }
}
