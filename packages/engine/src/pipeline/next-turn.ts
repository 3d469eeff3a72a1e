import { setImmediate } from 'node:timers/promises';
import { cancelled } from '../errors.ts';

/**
 * Lets the event loop turn once, then honours the signal. A network's run blocks the thread: without a turn between
 * two of them no abort, message or timer would ever be seen.
 *
 * @throws EngineError `cancelled`
 */
export async function nextTurn(signal: AbortSignal | undefined): Promise<void> {
  await setImmediate();
  if (signal?.aborted) throw cancelled();
}
