import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { main } from './easel-server.ts';

export interface EaselRun {
  readonly process: ChildProcess;
  /** Everything it has printed so far. */
  readonly output: () => string;
  /** Its exit status, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

/** Runs the command line with this environment alone; what still runs at the end of the test is killed. */
export function runEasel(args: readonly string[], env: Readonly<Record<string, string>> = {}): EaselRun {
  return runSource(main, args, {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, EASEL_DEVICE: 'cpu', ...env },
  });
}

/** The same of any program that imports the packages. */
export function runSource(
  program: string,
  args: readonly string[],
  options: { readonly env: NodeJS.ProcessEnv; readonly cwd?: string },
): EaselRun {
  const child = spawn(process.execPath, ['--conditions=@easel/source', program, ...args], {
    ...options,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  for (const pipe of [child.stdout, child.stderr]) {
    pipe.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const ended = once(child, 'close').then(() => child.exitCode ?? child.signalCode);
  return { process: child, output: () => output, ended };
}

/** Waits for what happens soon on a machine that is not busy, or within a longer time. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: () => string,
  withinMs = 100_000,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`it did not happen: ${what()}`);
    await sleep(20);
  }
}

/** The number of the embedded database's first process; undefined when it has ended in order. */
export async function postmasterOf(dataDir: string): Promise<number | undefined> {
  const text = await readFile(join(dataDir, 'postgres', 'data', 'postmaster.pid'), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : Number(text.split('\n', 1)[0]);
}
