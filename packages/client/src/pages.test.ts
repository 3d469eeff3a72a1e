import { expect, test } from 'vitest';
import { entriesOf } from './pages.ts';

test('every entry comes once, and a page is fetched only when it is needed', async () => {
  const asked: unknown[] = [];
  const fetchPage = async (query: { limit: number; cursor?: string }) => {
    asked.push(query);
    return query.cursor === undefined ? { next_cursor: 'b', entries: [1, 2] } : { next_cursor: null, entries: [3] };
  };
  const entries = entriesOf({ limit: 2 }, fetchPage, (page) => page.entries);
  expect([(await entries.next()).value, (await entries.next()).value]).toEqual([1, 2]);
  expect(asked).toEqual([{ limit: 2 }]);
  expect([(await entries.next()).value, (await entries.next()).done]).toEqual([3, true]);
  expect(asked).toEqual([{ limit: 2 }, { limit: 2, cursor: 'b' }]);
});
