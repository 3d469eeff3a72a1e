import type { Call } from './call.ts';
import { EaselConnectionError, type EaselError } from './errors.ts';

const FIRST_PAUSE_MS = 250;
/** A server that asks for a longer pause is not asked again. */
const LONGEST_PAUSE_MS = 30_000;

/** Nothing can happen twice: it only reads, says what shall be, or the server knows the request by its idempotency key. */
export function mayBeSentAgain({ method = 'GET', idempotencyKey }: Call): boolean {
  return method !== 'POST' || idempotencyKey !== undefined;
}

/** Milliseconds; undefined: another attempt would end the same. */
export function pauseBefore(
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

/** Some time more after an abort, for what still has to be said to the server. */
export interface Grace {
  /** Aborted with the same reason, later. */
  readonly signal: AbortSignal;
  /** Once nothing is left to be said. */
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
