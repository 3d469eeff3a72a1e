/** What became of work on many things. */
export interface Outcome<Item> {
  readonly done: readonly Item[];
  readonly failed: readonly { readonly item: Item; readonly error: unknown }[];
}

export interface ManyOptions {
  /** How many are worked on at the same time: a browser has six connections to a server, and the page needs others. */
  readonly atOnce?: number;
  /** Ends the work before the next item. */
  readonly signal?: AbortSignal;
  /** Called after each item. */
  readonly onProgress?: (finished: number) => void;
}

/** Does the work for every item, a few at a time; one that fails does not keep the others from being done. */
export async function forEachOf<Item>(
  items: readonly Item[],
  work: (item: Item) => Promise<unknown>,
  { atOnce = 3, signal, onProgress = () => {} }: ManyOptions = {},
): Promise<Outcome<Item>> {
  const done: Item[] = [];
  const failed: { item: Item; error: unknown }[] = [];
  const waiting = items.values();
  const takeTurns = async () => {
    for (const item of waiting) {
      if (signal?.aborted) return;
      try {
        await work(item);
        done.push(item);
      } catch (error) {
        if (signal?.aborted) return;
        failed.push({ item, error });
      }
      onProgress(done.length + failed.length);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, takeTurns));
  return { done, failed };
}

/** @example partsOf([1, 2, 3], 2); // [[1, 2], [3]] */
export function partsOf<Item>(items: readonly Item[], length: number): Item[][] {
  const count = Math.ceil(items.length / length);
  return Array.from({ length: count }, (_, index) => items.slice(index * length, (index + 1) * length));
}
