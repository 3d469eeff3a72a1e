import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { processMemory } from '../../packages/engine/src/host/process-memory.ts';
import type { Figures } from './timed-runs.ts';

const EVERY_MS = 50;
const GIGABYTE = 1e9;

/** GB. */
interface Peaks {
  readonly peakResident: number;
  readonly peakAnonymous: number;
}

/** What one process took in one round. */
export interface Round extends Peaks {
  /** Seconds from the start of the process until it can work, its libraries' imports included. */
  readonly ready: number;
  /** Of the first run, which touches the weights for the first time. */
  readonly first: number;
  readonly seconds: readonly number[];
  /** What the program says of its last run beside the time. */
  readonly figures?: Figures;
}

/** A process that works when it is told to. */
export interface TimedProcess {
  /** Seconds from its start until it could work. */
  readonly ready: number;
  /** One run, in seconds. */
  run(): Promise<number>;
  /** What it has said of its last run beside the time. */
  figures(): Figures;
  peaks(): Peaks;
  /** Ends it, at once. */
  stop(): Promise<void>;
}

/**
 * Starts a process that speaks the protocol of the benchmarks: `{"ready": s}` when it can work, then `{"seconds": s}` for every line sent.
 * It is held to the given processors, so that nobody works on more than the others.
 *
 * @throws Error with the end of its error output when it ends before it has answered
 */
export async function startTimed(
  command: readonly string[],
  processors: readonly number[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<TimedProcess> {
  const began = performance.now();
  const child = spawn('taskset', ['-c', processors.join(','), ...command], { stdio: ['pipe', 'pipe', 'pipe'], env });
  const errors: string[] = [];
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk.toString()));
  const memory = watchMemory(child.pid ?? 0);
  const said = replies(child);
  let last: Figures = {};
  const next = async (name: 'ready' | 'seconds'): Promise<number> => {
    const { [name]: figure, ...others } = (await said.next()).value ?? {};
    if (figure === undefined) throw new Error(`${command.join(' ')} ended:\n${errors.join('').slice(-3000)}`);
    last = others;
    return figure;
  };
  const stop = async () => {
    await memory.stop();
    child.stdin.end();
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  };
  try {
    await next('ready');
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    ready: (performance.now() - began) / 1000,
    run: () => {
      child.stdin.write('run\n');
      return next('seconds');
    },
    figures: () => last,
    peaks: () => memory.peaks,
    stop,
  };
}

/** A process held to the first `threads` processors: one run that is not counted, then `runs` that are; of 0, the one counts. */
export async function runRound(
  command: readonly string[],
  threads: number,
  { runs, env = process.env }: { runs: number; env?: NodeJS.ProcessEnv },
): Promise<Round> {
  const timed = await startTimed(command, firstProcessors(threads), env);
  try {
    const first = await timed.run();
    const seconds: number[] = [];
    for (let run = 0; run < runs; run++) seconds.push(await timed.run());
    const said = Object.keys(timed.figures()).length > 0 ? { figures: timed.figures() } : {};
    return { ready: timed.ready, first, seconds: runs === 0 ? [first] : seconds, ...timed.peaks(), ...said };
  } finally {
    await timed.stop();
  }
}

export function firstProcessors(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

async function* replies(child: ChildProcessByStdio<Writable, Readable, Readable>): AsyncGenerator<Figures, undefined> {
  for await (const line of createInterface(child.stdout)) {
    if (line.startsWith('{')) yield JSON.parse(line);
  }
  return undefined;
}

function watchMemory(pid: number) {
  const peaks = { peakResident: 0, peakAnonymous: 0 };
  const end = new AbortController();
  const watching = (async () => {
    while (!end.signal.aborted) {
      const now = await processMemory(pid);
      if (now !== undefined) {
        peaks.peakResident = Math.max(peaks.peakResident, now.peakResident / GIGABYTE);
        peaks.peakAnonymous = Math.max(peaks.peakAnonymous, now.anonymous / GIGABYTE);
      }
      await sleep(EVERY_MS, undefined, { signal: end.signal }).catch(() => undefined);
    }
  })();
  return {
    peaks,
    async stop() {
      end.abort();
      await watching;
    },
  };
}
