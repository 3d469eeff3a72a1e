import { EngineError } from '../errors.ts';

/** One job at a time, in order: two runs at once would only double the memory. */
export class RunQueue {
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  add<T>(job: () => Promise<T>): Promise<T> {
    if (this.#closed) {
      return Promise.reject(new EngineError('engine_closed', 'the model has been closed; load it again'));
    }
    const turn = this.#last.then(job);
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /** Refuses new jobs and releases once the queued ones are done. */
  async close(release: () => Promise<void>): Promise<void> {
    if (this.#closed) return;
    const released = this.add(release);
    this.#closed = true;
    await released;
  }
}
