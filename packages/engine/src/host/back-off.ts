import { setTimeout as sleep } from 'node:timers/promises';
import { abortError } from './unless-aborted.ts';

const firstDelayMs = 500;
const longestDelayMs = 30_000;

/** Spaces out starts that fail: half a second after the first failure, twice as long after each further one. */
export class BackOff {
  #failures = 0;
  #failedAt = 0;

  failed(): void {
    this.#failures += 1;
    this.#failedAt = performance.now();
  }

  succeeded(): void {
    this.#failures = 0;
  }

  /** Milliseconds from now to the next permitted start. */
  get remainingMs(): number {
    if (this.#failures === 0) return 0;
    const delayMs = Math.min(longestDelayMs, firstDelayMs * 2 ** (this.#failures - 1));
    return Math.max(0, this.#failedAt + delayMs - performance.now());
  }

  /** @throws EngineError when the signal is aborted first: its reason when that is one, else `cancelled` */
  async wait(signal: AbortSignal): Promise<void> {
    try {
      signal.throwIfAborted();
      if (this.remainingMs > 0) await sleep(this.remainingMs, undefined, { signal });
    } catch {
      throw abortError(signal);
    }
  }
}
