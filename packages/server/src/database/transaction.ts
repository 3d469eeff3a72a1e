import type { Queries } from './database.ts';

/** What SQL runs on. */
export function queriesOf(transaction: Queries): Queries {
  return transaction;
}
