import { type ExitStatus, exitStatus } from './exit-status.ts';

/** How long the work may take to unwind after a signal, unless it asks for more; then the process is ended. */
const UNWIND_TIMEOUT_MS = 900;

const statusOf: Readonly<Record<string, ExitStatus>> = {
  SIGINT: exitStatus.interrupted,
  SIGTERM: exitStatus.terminated,
  SIGHUP: exitStatus.hangup,
};

export interface Interruption extends Disposable {
  /** Aborted by the first SIGINT, SIGTERM or SIGHUP. */
  readonly signal: AbortSignal;
  /** The status to exit with; undefined while there was no interruption. */
  readonly status: ExitStatus | undefined;
  /** Gives the work more time to unwind; to be called before the signal. */
  readonly allow: (milliseconds: number) => void;
  /** Asks `handle` first, until the disposal, at Ctrl-C (SIGINT): true means that it was for a part of the work only. */
  readonly takeCtrlC: (handle: () => boolean) => Disposable;
  /** Registers a synchronous cleanup for when the process cannot wait for the work to unwind; the last runs first. */
  readonly atForcedExit: (undo: () => void) => void;
}

/**
 * Turns the signals that end a process into an abort of its work, so that files, cursor and child process are cleaned up. A second
 * signal ends the process at once, and so does work that does not unwind in time (a second, unless it was allowed more).
 */
export function listenForInterruption(): Interruption {
  const controller = new AbortController();
  const undos: (() => void)[] = [];
  let status: ExitStatus | undefined;
  let timeoutMs = UNWIND_TIMEOUT_MS;
  let timer: NodeJS.Timeout | undefined;

  const endNow = () => {
    for (const undo of undos.toReversed()) undo();
    process.exit(status);
  };
  let onCtrlC: (() => boolean) | undefined;
  const onSignal = (name: NodeJS.Signals) => {
    if (name === 'SIGINT' && onCtrlC?.()) return;
    if (controller.signal.aborted) return endNow();
    status = statusOf[name];
    timer = setTimeout(endNow, timeoutMs);
    controller.abort(new Error(`stopped by ${name}`));
  };
  for (const name of Object.keys(statusOf)) process.on(name, onSignal);

  return {
    signal: controller.signal,
    get status() {
      return status;
    },
    allow: (milliseconds) => {
      timeoutMs = milliseconds;
    },
    takeCtrlC: (handle) => {
      onCtrlC = handle;
      return {
        [Symbol.dispose]() {
          onCtrlC = undefined;
        },
      };
    },
    atForcedExit: (undo) => void undos.push(undo),
    [Symbol.dispose]() {
      clearTimeout(timer);
      for (const name of Object.keys(statusOf)) process.off(name, onSignal);
    },
  };
}
