import { setTimeout as sleep } from 'node:timers/promises';
import type { JobWatch } from '../domain/ports/events.ts';

/** Remembers that there was a notice until somebody asks. */
export class NoticeWatch implements JobWatch {
  readonly #onClose: () => void;
  #wasNotified = false;
  #wake: (() => void) | undefined;

  constructor(onClose: () => void) {
    this.#onClose = onClose;
  }

  notify(): void {
    this.#wasNotified = true;
    this.#wake?.();
  }

  async next({ withinMs, signal }: { readonly withinMs: number; readonly signal?: AbortSignal }): Promise<void> {
    signal?.throwIfAborted();
    if (!this.#wasNotified) await this.#wait(withinMs, signal);
    this.#wasNotified = false;
  }

  [Symbol.dispose](): void {
    this.#onClose();
    this.#wake?.();
  }

  async #wait(withinMs: number, signal: AbortSignal | undefined): Promise<void> {
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    try {
      const stop = signal ? AbortSignal.any([woken.signal, signal]) : woken.signal;
      await sleep(withinMs, undefined, { signal: stop });
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      if (!woken.signal.aborted) throw error;
    } finally {
      this.#wake = undefined;
    }
  }
}
