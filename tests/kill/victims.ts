import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const victims = ['server', 'engine', 'database', 'worker'] as const;
export type Victim = (typeof victims)[number];

/** The engine's process below a server or worker (Linux: /proc); undefined while there is none. */
export function engineOf(parent: number): number | undefined {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .find((pid) => parentOf(pid) === parent && commandOf(pid).includes('host/child.'));
}

/** The main process of the embedded database. */
export function postmasterOf(dataDir: string): number {
  return Number(readFileSync(join(dataDir, 'postgres', 'data', 'postmaster.pid'), 'utf8').split('\n')[0]);
}

/** The processes of a database that serve clients of the product. */
export function backendsOf(postmaster: number): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => parentOf(pid) === postmaster && commandOf(pid).startsWith('postgres: easel '));
}

/** SIGTERM: as `pg_terminate_backend` does. */
export function endSoftly(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch {
    // It ended by itself in the same moment.
  }
}

/** SIGKILL; a process that is gone already is as good as killed. */
export function killHard(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It ended by itself in the same moment.
  }
}

function parentOf(pid: number): number | undefined {
  const parent = /^PPid:\s+(\d+)/m.exec(readText(`/proc/${pid}/status`))?.[1];
  return parent === undefined ? undefined : Number(parent);
}

function commandOf(pid: number): string {
  return readText(`/proc/${pid}/cmdline`);
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
