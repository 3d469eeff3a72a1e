/** Queued events of one reader; beyond this the oldest step is dropped. */
const LONGEST = 2000;

/** A reader is so far behind that there is no room for events that must not be dropped. */
export class SlowReader extends Error {
  constructor() {
    super('the reader of this stream is too slow; connect again with Last-Event-ID');
    this.name = 'SlowReader';
  }
}

/**
 * The events for one reader, in order. A slow reader loses droppable events, never others; when that is not enough, its stream ends
 * with `SlowReader`.
 */
export class EventQueue<Item> implements AsyncIterable<Item> {
  readonly #isDroppable: (item: Item) => boolean;
  readonly #longest: number;
  readonly #items: Item[] = [];
  #end: { readonly error?: unknown } | undefined;
  #wake: (() => void) | undefined;

  constructor(isDroppable: (item: Item) => boolean, longest = LONGEST) {
    this.#isDroppable = isDroppable;
    this.#longest = longest;
  }

  get isEnded(): boolean {
    return this.#end !== undefined;
  }

  push(item: Item): void {
    if (this.#end !== undefined) return;
    this.#items.push(item);
    if (this.#items.length > this.#longest) this.#makeRoom();
    this.#wake?.();
  }

  /** Events that were pushed are still read. */
  finish(): void {
    this.#end ??= {};
    this.#wake?.();
  }

  /** At once: queued events are discarded. */
  fail(error: unknown): void {
    this.#end ??= { error };
    this.#items.length = 0;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, undefined> {
    for (;;) {
      const item = this.#items.shift();
      if (item !== undefined) {
        yield item;
        continue;
      }
      if (this.#end !== undefined) {
        if ('error' in this.#end) throw this.#end.error;
        return;
      }
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
      this.#wake = undefined;
    }
  }

  #makeRoom(): void {
    const oldest = this.#items.findIndex((item) => this.#isDroppable(item));
    if (oldest < 0) this.fail(new SlowReader());
    else this.#items.splice(oldest, 1);
  }
}
