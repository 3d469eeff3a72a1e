import type { Call } from './call.ts';
import { EaselConnectionError, type EaselError } from './errors.ts';

const FIRST_PAUSE_MS = 250;
/** If the server asks for a longer pause, the request is not retried. */
const LONGEST_PAUSE_MS = 30_000;

/** Whether a request is safe to repeat: it is idempotent by its method, or has an idempotency key. */
export function canRetry({ method = 'GET', idempotencyKey }: Call): boolean {
  return method !== 'POST' || idempotencyKey !== undefined;
}

/** The pause before a retry in milliseconds; undefined if a retry would not help. */
export function retryPause(
  error: EaselError | EaselConnectionError,
  attempt: number,
  longestMs: number = LONGEST_PAUSE_MS,
): number | undefined {
  const growing = FIRST_PAUSE_MS * 2 ** attempt * (0.75 + Math.random() / 2);
  if (error instanceof EaselConnectionError) return growing;
  if (error.status !== 429 && error.status !== 502 && error.status !== 503 && error.status !== 504) return undefined;
  const asked = error.retryAfter === undefined ? growing : error.retryAfter * 1000;
  return asked <= longestMs ? asked : undefined;
}

/**
 * Waits, unless the signal is aborted.
 *
 * @throws the signal's reason
 */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** Extra time after an abort, to cancel the job on the server. */
export interface Grace {
  /** Aborted later than the original signal, with the same reason. */
  readonly signal: AbortSignal;
  /** Call it when the extra time is no longer needed. */
  end(): void;
}

export function graceAfter(signal: AbortSignal | undefined, ms: number): Grace {
  const controller = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const begin = () => {
    timer = setTimeout(() => controller.abort(signal?.reason), ms);
  };
  signal?.addEventListener('abort', begin, { once: true });
  return {
    signal: controller.signal,
    end() {
      signal?.removeEventListener('abort', begin);
      clearTimeout(timer);
    },
  };
}
