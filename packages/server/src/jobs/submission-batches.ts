/** What became of one item of a batch; `later`: nothing, it has to wait for something and should not keep the others waiting. */
export type Outcome<Result> = PromiseSettledResult<Result> | { readonly status: 'later' };

export interface RunOptions {
  /** Whether the items were in a batch that failed, of which nobody knows whether it was done after all. */
  readonly isAgain: boolean;
  /** Whether it may wait: nothing else does for it. */
  readonly mayWait: boolean;
}

export interface BatchesOptions<Item, Result> {
  /** @returns what became of each item, in their order */
  readonly run: (items: readonly Item[], how: RunOptions) => Promise<readonly Outcome<Result>[]>;
  /** Whether what `run` threw may be the fault of one item: then each is run alone. */
  readonly isOfOneItem: (error: unknown) => boolean;
  /** Items that have a name in common are never in one batch. */
  readonly namesOf: (item: Item) => readonly string[];
  /** Batches at the same time. */
  readonly atOnce: number;
  /** Items of a batch. */
  readonly most: number;
  /** Whose item it is. */
  readonly ownerOf: (item: Item) => string;
  /** Items that have to wait are run together with those of their owner that have to wait, too, of so many owners at the same time. */
  readonly ownersAtOnce: number;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly names: readonly string[];
  readonly settle: (outcome: PromiseSettledResult<Result>) => void;
}

/**
 * Runs items together that arrive while earlier ones are being run, so that what costs the same for one and for many is paid once for many
 * (group commit; DeWitt et al. 1984, §3.2). An item that arrives while nothing is being run does not wait for others.
 */
export class Batches<Item, Result> {
  readonly #options: BatchesOptions<Item, Result>;
  #waiting: Waiting<Item, Result>[] = [];
  #running = 0;
  /** Those that have to wait for something of their owner's. */
  #held: Waiting<Item, Result>[] = [];
  readonly #waitingOwners = new Set<string>();

  constructor(options: BatchesOptions<Item, Result>) {
    this.#options = options;
  }

  /** @throws what became of the item, or what `run` throws */
  add(item: Item): Promise<Result> {
    const { promise, resolve } = Promise.withResolvers<PromiseSettledResult<Result>>();
    this.#waiting.push({ item, names: this.#options.namesOf(item), settle: resolve });
    this.#start();
    return promise.then((outcome) => {
      if (outcome.status === 'rejected') throw outcome.reason;
      return outcome.value;
    });
  }

  #start(): void {
    while (this.#running < this.#options.atOnce && this.#waiting.length > 0) {
      this.#running += 1;
      const { batch, rest } = this.#take(this.#waiting);
      this.#waiting = rest;
      void this.#run(batch, { isAgain: false, mayWait: false }).finally(() => {
        this.#running -= 1;
        this.#start();
      });
    }
  }

  #startHeld(): void {
    const { ownerOf, ownersAtOnce } = this.#options;
    while (this.#waitingOwners.size < ownersAtOnce) {
      const next = this.#held.find(({ item }) => !this.#waitingOwners.has(ownerOf(item)));
      if (next === undefined) return;
      const owner = ownerOf(next.item);
      const { batch, rest } = this.#take(this.#held, owner);
      this.#held = rest;
      this.#waitingOwners.add(owner);
      void this.#run(batch, { isAgain: false, mayWait: true }).finally(() => {
        this.#waitingOwners.delete(owner);
        this.#startHeld();
      });
    }
  }

  /** In the order of arrival; one that shares a name with one before it has to wait. @param owner default: of all */
  #take(items: readonly Waiting<Item, Result>[], owner?: string) {
    const batch: Waiting<Item, Result>[] = [];
    const rest: Waiting<Item, Result>[] = [];
    const names = new Set<string>();
    for (const each of items) {
      if (owner !== undefined && this.#options.ownerOf(each.item) !== owner) {
        rest.push(each);
        continue;
      }
      const isFree = batch.length < this.#options.most && !each.names.some((name) => names.has(name));
      for (const name of each.names) names.add(name);
      (isFree ? batch : rest).push(each);
    }
    return { batch, rest };
  }

  async #run(batch: readonly Waiting<Item, Result>[], how: RunOptions): Promise<void> {
    const { run, isOfOneItem } = this.#options;
    try {
      const outcomes = await run(
        batch.map(({ item }) => item),
        how,
      );
      for (const [index, each] of batch.entries()) this.#settle(each, outcomes[index]);
      this.#startHeld(); // all of them together
    } catch (reason) {
      if (batch.length > 1 && isOfOneItem(reason))
        for (const each of batch) await this.#run([each], { ...how, isAgain: true });
      else for (const { settle } of batch) settle({ status: 'rejected', reason });
    }
  }

  #settle(item: Waiting<Item, Result>, outcome: Outcome<Result> | undefined): void {
    if (outcome?.status === 'later') {
      this.#held.push(item);
      return;
    }
    item.settle(outcome ?? { status: 'rejected', reason: new Error('the batch forgot an item') });
  }
}
