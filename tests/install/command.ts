import { spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Command {
  /** Also the id of its process group, which holds everything it starts. */
  readonly pid: number;
  readonly outcome: Promise<Outcome>;
  /** What it has printed so far, on either stream. */
  readonly output: () => string;
}

interface Options {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Starts a program as a terminal would, in a process group of its own. */
export function start(program: string, args: readonly string[], options: Options): Command {
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: options.env ?? newcomersEnvironment(),
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (child.pid === undefined) throw new Error(`${program} did not start`);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
  }
  const end = new Promise<Pick<Outcome, 'status' | 'signal'>>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status, signal) => resolve({ status, signal }));
  });
  const outcome = Promise.all([text(child.stdout), text(child.stderr), end]).then(([stdout, stderr, ended]) => ({
    stdout,
    stderr,
    ...ended,
  }));
  return { pid: child.pid, outcome, output: () => output };
}

export function run(program: string, args: readonly string[], options: Options): Promise<Outcome> {
  return start(program, args, options).outcome;
}

/**
 * The environment without what the surrounding `npm test` has added (no Node of this checkout in PATH, no settings of a script) and without
 * settings of Easel.
 * `changes` come on top.
 */
export function newcomersEnvironment(changes: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const added =
    /^(EASEL_|NODE_COMPILE_CACHE$|npm_(lifecycle|package)_|npm_(command|execpath|node_execpath|config_(local_prefix|loglevel))$|VITE|INIT_CWD$)/;
  const kept = Object.entries(process.env).filter(([name]) => !added.test(name) && !inherited.has(name));
  const path = (process.env.PATH ?? '').split(':').filter((folder) => !folder.includes('node_modules'));
  return { ...Object.fromEntries(kept), PATH: path.join(':'), ...changes };
}

const inherited = new Set(['NODE', 'NODE_ENV', 'NODE_OPTIONS', 'NODE_PATH', 'TEST', 'DEV', 'PROD', 'MODE', 'BASE_URL']);

/** The environment in which these shell scripts (written below `folder`) are found before the commands of the same names. */
export function withCommands(folder: string, scripts: Record<string, string>): NodeJS.ProcessEnv {
  const bin = mkdtempSync(join(folder, 'bin-'));
  for (const [name, script] of Object.entries(scripts)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  return newcomersEnvironment({ PATH: `${bin}:${newcomersEnvironment().PATH}` });
}

/** Starts what does not end by itself and waits until it says something, or ends. */
export async function startUntil(
  says: RegExp,
  program: string,
  args: readonly string[],
  options: Options,
): Promise<Command> {
  const command = start(program, args, options);
  let ended = false;
  void command.outcome.then(() => {
    ended = true;
  });
  await until(() => ended || says.test(command.output()));
  return command;
}

/** Waits for what another process does; the limit is the test's own. */
export async function until(reached: () => boolean): Promise<void> {
  while (!reached()) await sleep(10);
}
