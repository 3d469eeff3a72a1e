import { DomainError } from '../domain-error.ts';

/** Makes the opaque cursor of a page. */
export function cursorOf(place: string | bigint | null): string | null {
  return place === null ? null : Buffer.from(String(place)).toString('base64url');
}

/**
 * Reads a cursor.
 *
 * @param isPlace checks what it stands for
 * @throws DomainError `invalid_request` for a cursor that is not one of this list
 */
export function placeOf(cursor: string | undefined, isPlace: (text: string) => boolean): string | null {
  if (cursor === undefined) return null;
  const place = Buffer.from(cursor, 'base64url').toString();
  if (isPlace(place)) return place;
  throw new DomainError('invalid_request', 'cursor must be the next_cursor of an earlier page', { param: 'cursor' });
}

export interface Page<Item> {
  readonly items: readonly Item[];
  /** The last item, after which the next page begins; null: this is the last page. */
  readonly next: Item | null;
}

/** Makes a page of `limit` items from a query for one item more. */
export function pageOf<Item>(found: readonly Item[], limit: number): Page<Item> {
  const items = found.slice(0, limit);
  return { items, next: found.length > limit ? (items.at(-1) ?? null) : null };
}
