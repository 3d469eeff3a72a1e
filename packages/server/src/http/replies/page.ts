export interface Page<Item> {
  readonly items: readonly Item[];
  /** The last of the page, after which the next one begins; null: there is none. */
  readonly next: Item | null;
}

/** A page of a list of which one more was asked for than it holds. */
export function pageOf<Item>(found: readonly Item[], limit: number): Page<Item> {
  const items = found.slice(0, limit);
  return { items, next: found.length > limit ? (items.at(-1) ?? null) : null };
}
