import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));

/** The command line that runs easel from its sources. */
export const easel: readonly [string, ...string[]] = [process.execPath, '--conditions=@easel/source', main];

export interface Finished {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  /** Standard output as it is. */
  readonly bytes: Buffer;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd: string;
  /** null: it stays open and silent. */
  readonly stdin?: string | null;
  readonly env?: Readonly<Record<string, string>>;
  /** A command to run easel in, such as `unshare`. */
  readonly wrapper?: readonly string[];
  /** What is run; default: easel. */
  readonly program?: readonly string[];
}

export interface Running {
  readonly process: ChildProcess;
  readonly finished: Promise<Finished>;
  /** Resolves when standard error has a text that matches. */
  readonly said: (pattern: RegExp) => Promise<void>;
}

/** Starts `easel ARGS` as the leader of a process group of its own, as a shell does. */
export function startEasel(
  args: readonly string[],
  { cwd, stdin, env, wrapper = [], program = easel }: RunOptions,
): Running {
  const [command = '', ...rest] = [...wrapper, ...program, ...args];
  const child = spawn(command, rest, {
    cwd,
    env: { ...process.env, NO_COLOR: '', ...env },
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const chunks: Buffer[] = [];
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin.on('error', () => {}); // it may end without reading its input
  if (stdin !== null) child.stdin.end(stdin ?? '');
  const finished = new Promise<Finished>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => {
      const bytes = Buffer.concat(chunks);
      resolve({ status, signal, stdout: bytes.toString('utf8'), bytes, stderr });
    });
  });
  const said = async (pattern: RegExp) => {
    while (!pattern.test(stderr)) {
      if (child.exitCode !== null) throw new Error(`easel ended without saying ${pattern}: ${stderr}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  return { process: child, finished, said };
}

export function runEasel(args: readonly string[], options: RunOptions): Promise<Finished> {
  return startEasel(args, options).finished;
}

/** An empty folder that is removed when the test is over. */
export function temporaryFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'easel-cli-')));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
