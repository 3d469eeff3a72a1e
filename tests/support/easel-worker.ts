import { type ChildProcess, spawn } from 'node:child_process';
import { main, ownEnvironment } from './easel-server.ts';

export interface EaselWorker {
  readonly process: ChildProcess;
  /** What it has printed. */
  readonly output: () => string;
  /** SIGTERM, and waits for the clean end. @returns its exit status */
  stop(): Promise<number | null>;
}

export interface WorkerOptions {
  /** Options of the command. */
  readonly args?: readonly string[];
  /** What runs it, in the same process, such as `ip netns exec NAME`. */
  readonly within?: readonly string[];
  /** The command line of another release. */
  readonly program?: string;
}

/** Starts `easel worker` as a user does. Resolves when it says that it takes jobs. */
export async function startEaselWorker(
  env: Readonly<Record<string, string>>,
  { args = [], within = [], program = main }: WorkerOptions = {},
): Promise<EaselWorker> {
  const [command = process.execPath, ...first] = [...within, process.execPath];
  const child = spawn(command, [...first, '--conditions=@easel/source', program, 'worker', ...args], {
    env: { ...ownEnvironment(), EASEL_LOG_LEVEL: 'warn', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  let output = '';
  const ready = new Promise<boolean>((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (output.includes('takes jobs')) resolve(true);
    });
  });
  if (!(await Promise.race([ready, ended.then(() => false)]))) throw new Error('easel worker ended at its start');
  return {
    process: child,
    output: () => output,
    stop() {
      child.kill('SIGTERM');
      return ended;
    },
  };
}
