import { cancelledError, type EngineError } from '../errors.ts';

interface Ticket {
  readonly admit: () => void;
  readonly refuse: (error: EngineError) => void;
}

/** Runs one task at a time, in order of arrival. */
export class RequestQueue {
  readonly #waiting: Ticket[] = [];
  #busy = false;
  #closed: EngineError | undefined;

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Runs the task when its turn comes, unless its signal or `close` removes it from the queue. */
  async run<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.#turn(signal);
    try {
      return await task();
    } finally {
      const next = this.#waiting.shift();
      if (next) next.admit();
      else this.#busy = false;
    }
  }

  /** Rejects all queued and future tasks; the running one is unaffected. */
  close(error: EngineError): void {
    this.#closed ??= error;
    for (const ticket of this.#waiting.splice(0)) ticket.refuse(error);
  }

  async #turn(signal: AbortSignal | undefined): Promise<void> {
    if (this.#closed) throw this.#closed;
    if (signal?.aborted) throw cancelledError();
    if (!this.#busy) {
      this.#busy = true;
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const ticket: Ticket = { admit: resolve, refuse: reject };
    const leave = () => {
      const place = this.#waiting.indexOf(ticket);
      if (place >= 0) this.#waiting.splice(place, 1);
      reject(cancelledError());
    };
    this.#waiting.push(ticket);
    signal?.addEventListener('abort', leave);
    try {
      await promise;
    } finally {
      signal?.removeEventListener('abort', leave);
    }
  }
}
