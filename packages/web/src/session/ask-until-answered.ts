import { EaselConnectionError, EaselError } from '@easel/client';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5000;

/**
 * Asks the server, and asks again for as long as it cannot be reached or cannot answer now: what was opened while it was away
 * is there when it is back. A browser that comes online again, or a tab that is looked at again, asks at once.
 *
 * @param onTrouble told of each failure that is not the last word
 * @throws a refusal that asking again will not change, or the signal's reason
 */
export async function askUntilAnswered<Reply>(
  ask: (signal: AbortSignal) => Promise<Reply>,
  signal: AbortSignal,
  onTrouble: (error: unknown) => void = () => {},
): Promise<Reply> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)) {
    try {
      return await ask(signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!isPassing(error)) throw error;
      onTrouble(error);
      await pause(pauseMs, signal);
    }
  }
}

/** Whether the same question may be answered later. */
function isPassing(error: unknown): boolean {
  return error instanceof EaselConnectionError || (error instanceof EaselError && isPassingStatus(error.status));
}

function isPassingStatus(status: number): boolean {
  return status === 429 || status >= 500;
}

/** @throws the signal's reason */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      window.removeEventListener('online', end);
      document.removeEventListener('visibilitychange', end);
      if (signal.aborted) reject(signal.reason);
      else resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
    window.addEventListener('online', end);
    document.addEventListener('visibilitychange', end);
  });
}
