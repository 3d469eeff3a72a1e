import { DomainError } from '../domain-error.ts';

/** Where a page begins, in a form that promises nothing about what is in it. */
export function cursorOf(place: string | bigint | null): string | null {
  return place === null ? null : Buffer.from(String(place)).toString('base64url');
}

/**
 * The place that a cursor stands for.
 *
 * @param isPlace what places look like here
 * @throws DomainError `invalid_request` for a cursor that did not come from here
 */
export function placeOf(cursor: string | undefined, isPlace: (text: string) => boolean): string | null {
  if (cursor === undefined) return null;
  const place = Buffer.from(cursor, 'base64url').toString();
  if (isPlace(place)) return place;
  throw new DomainError('invalid_request', 'cursor must be the next_cursor of an earlier page', { param: 'cursor' });
}

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
