import { setTimeout as sleep } from 'node:timers/promises';
import { systemCode } from './system-code.ts';

/** How long the server may take to write everything, and then to drop everything, in milliseconds. */
export interface StopPatience {
  readonly fastMs: number;
  readonly immediateMs: number;
}

const defaultPatience: StopPatience = { fastMs: 60_000, immediateMs: 10_000 };

/**
 * Ends a postmaster, and resolves when it is gone: first fast (SIGINT: sessions are ended, everything is written), after `fastMs`
 * immediately (SIGQUIT: the next start recovers from the log), at last by SIGKILL. No acknowledged row is lost by any of them.
 * See "Shutting Down the Server" in PostgreSQL's manual.
 *
 * @param isGone asked before every signal, for the number may belong to another process by then
 */
export async function stopPostmaster(
  pid: number,
  isGone: () => Promise<boolean> | boolean,
  { fastMs, immediateMs }: StopPatience = defaultPatience,
): Promise<void> {
  const escalation = [
    ['SIGINT', fastMs],
    ['SIGQUIT', immediateMs],
    ['SIGKILL', Number.POSITIVE_INFINITY],
  ] as const;
  for (const [signal, patienceMs] of escalation) {
    if (await isGone()) return;
    send(signal, pid);
    const deadline = performance.now() + patienceMs;
    while (performance.now() < deadline) {
      if (await isGone()) return;
      await sleep(20);
    }
  }
}

function send(signal: NodeJS.Signals, pid: number): void {
  try {
    process.kill(pid, signal);
  } catch (thrown) {
    if (systemCode(thrown) !== 'ESRCH') throw thrown;
  }
}
