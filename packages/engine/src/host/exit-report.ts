import { EngineError } from '../errors.ts';

/** How a child ended. */
export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** It never started. */
  readonly spawnError?: Error;
}

/** The error of a call whose child exited or was killed; `lines` are the last lines of its output. */
export function crashError(exit: ChildExit, lines: readonly string[]): EngineError {
  const { signal, spawnError } = exit;
  if (spawnError) {
    return new EngineError('engine_crashed', `the engine's process could not be started: ${spawnError.message}`, {
      cause: spawnError,
    });
  }
  // What a terminal sends to every process of the group when the user presses Ctrl-C or closes the window.
  if (signal === 'SIGINT' || signal === 'SIGHUP') {
    return new EngineError('cancelled', `the run was interrupted (${signal})`);
  }
  const telling = tellingLine(lines);
  const said = telling === undefined ? '' : ` It said: ${telling}`;
  return new EngineError('engine_crashed', `${describeExit(exit)}.${said}`, {
    ...(lines.length > 0 && { cause: new Error(lines.join('\n')) }),
  });
}

export function describeExit({ code, signal }: ChildExit): string {
  switch (signal) {
    case null:
      return `the engine's process ended by itself (exit code ${code})`;
    case 'SIGKILL':
      return (
        "the engine's process was killed (SIGKILL), which is what the system does when memory runs out: " +
        "make a smaller picture, use 8-bit weights (int8) or memory 'small', or give the machine or its container more memory"
      );
    case 'SIGBUS':
      return (
        "the engine's process crashed (SIGBUS), which happens when a weights file is shortened or cannot be read while it " +
        'is in use: check the disk and the model files'
      );
    case 'SIGILL':
      return "the engine's process crashed (SIGILL): this processor lacks an instruction that the runtime needs";
    case 'SIGTERM':
    case 'SIGINT':
    case 'SIGHUP':
      return `the engine's process was ended from outside (${signal})`;
    default:
      return `the engine's process crashed (${signal})`;
  }
}

/** The line to quote: one that names an error, since Node's own last line is its version, and never a line of a stack trace. */
function tellingLine(lines: readonly string[]): string | undefined {
  const sayings = lines.filter((line) => !/^\s*(\d+: |at |-{3})/.test(line));
  const named = sayings.findLast((line) => /error|exception|abort|fatal|terminate|what\(\)/i.test(line));
  return (named ?? sayings.at(-1))?.trim().slice(0, 300);
}
