import { EngineError } from '../errors.ts';
import { ChildKeeper } from './child-keeper.ts';
import { childModule } from './child-module.ts';
import { defaultPassDeadlineMs } from './deadline.ts';
import type { EngineHost, HostOptions } from './engine-host.ts';
import { Host } from './host.ts';

const defaultIdleMs = 5 * 60_000;
/** setTimeout fires at once when asked for more (HTML, timers: a signed 32-bit number of milliseconds). */
const longestTimerMs = 2 ** 31 - 1;

/**
 * Loads a model in a child process and gives it the interface of a model in this one.
 *
 * A run blocks its thread and cannot be interrupted; in a process of its own it does not block the caller, is cancelled
 * within a second, and a native crash or a lack of memory is an error of one call: the next call gets a fresh process.
 * Calls run one at a time in the order they came. Without work the process is ended after `idleMs`, and started again by
 * the next call. An idle host does not keep the caller's process alive.
 *
 * @throws EngineError as `loadModel` does; `engine_crashed`, `engine_hung` or `cancelled` when the load did not end
 * @example
 * const host = await createEngineHost({ model: './playground-v2.5' });
 * const { images } = await host.generate({ prompt: 'a red apple', seed: 1 }, { signal: AbortSignal.timeout(60_000) });
 * await host.close();
 */
export function createEngineHost(options: HostOptions): Promise<EngineHost> {
  return startHost(options, childModule('child'));
}

/** The same with the child's code given, for tests with an engine that crashes or hangs. */
export async function startHost(options: HostOptions, module: URL): Promise<EngineHost> {
  const idleMs = milliseconds('idleMs', options.idleMs ?? defaultIdleMs, 0);
  const { passDeadlineMs } = options;
  if (passDeadlineMs !== undefined) milliseconds('passDeadlineMs', passDeadlineMs, 1);
  const deadlineMs = passDeadlineMs === undefined ? defaultPassDeadlineMs : () => passDeadlineMs;
  const keeper = new ChildKeeper(module, options, deadlineMs);
  try {
    const { info } = await keeper.ready(options.signal);
    const never = idleMs === 0 || idleMs > longestTimerMs;
    return new Host(keeper, info, never ? Number.POSITIVE_INFINITY : idleMs, deadlineMs);
  } catch (error) {
    await keeper.close(new EngineError('engine_closed', 'the engine was not started'), true);
    throw error;
  }
}

function milliseconds(param: 'idleMs' | 'passDeadlineMs', value: number, least: number): number {
  if (value >= least) return value;
  throw new EngineError('invalid_request', `${param} must be at least ${least} millisecond(s) (got ${value})`, {
    details: { param },
  });
}
