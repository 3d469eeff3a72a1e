import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Batches, type Outcome } from './submission-batches.ts';

/** Batches that end when the test says so. */
function held({ atOnce = 1, most = 3, namesOf = (_: number): readonly string[] => [] } = {}) {
  const batches: {
    readonly items: readonly number[];
    end(outcomes?: readonly Outcome<string>[]): void;
    fail(error: Error): void;
  }[] = [];
  const made = new Batches<number, string>({
    atOnce,
    most,
    ownersAtOnce: 2,
    ownerOf: (item) => `owner of ${item % 10}`,
    namesOf,
    isOfOneItem: (error) => error instanceof Error && error.message !== 'away',
    run: (items) => {
      const { promise, resolve, reject } = Promise.withResolvers<readonly Outcome<string>[]>();
      const all = items.map((item) => ({ status: 'fulfilled', value: `done ${item}` }) as const);
      batches.push({ items, end: (outcomes = all) => resolve(outcomes), fail: reject });
      return promise;
    },
  });
  return { made, batches, items: () => batches.map(({ items }) => items) };
}

test('an item that finds nothing running is run at once; those that arrive meanwhile are run together, at most so many', async () => {
  const { made, batches, items } = held();
  const all = [1, 2, 3, 4, 5].map((item) => made.add(item));
  expect(items()).toEqual([[1]]);
  batches[0]?.end();
  await setImmediate();
  expect(items()).toEqual([[1], [2, 3, 4]]);
  batches[1]?.end();
  await setImmediate();
  batches[2]?.end();
  expect(await Promise.all(all)).toEqual(['done 1', 'done 2', 'done 3', 'done 4', 'done 5']);
});

test('an item whose name an earlier one has is in a later batch, and what comes after it with that name as well', async () => {
  const { made, batches, items } = held({ namesOf: (item) => (item > 1 && item < 5 ? ['same'] : []) });
  const all = [1, 2, 3, 4, 5].map((item) => made.add(item));
  for (let batch = 0; batch < 4; batch++) {
    batches[batch]?.end();
    await setImmediate();
  }
  expect(items()).toEqual([[1], [2, 5], [3], [4]]);
  await Promise.all(all);
});

test('what is wrong with one item is told to it alone', async () => {
  const { made, batches } = held({ atOnce: 1 });
  const first = made.add(0);
  const others = [1, 2].map((item) => made.add(item));
  batches[0]?.end();
  await first;
  await setImmediate();
  batches[1]?.end([
    { status: 'rejected', reason: new Error('no credits') },
    { status: 'fulfilled', value: 'done 2' },
  ]);
  await expect(others[0]).rejects.toThrow('no credits');
  expect(await others[1]).toBe('done 2');
});

test('a batch that fails as a whole is run item by item, but not when the database is away', async () => {
  const { made, batches, items } = held();
  const first = made.add(0);
  const others = [1, 2].map((item) => made.add(item));
  batches[0]?.end();
  await first;
  await setImmediate();
  batches[1]?.fail(new Error('one of them is bad'));
  await setImmediate();
  expect(items()).toEqual([[0], [1, 2], [1]]);
  batches[2]?.fail(new Error('this one'));
  await expect(others[0]).rejects.toThrow('this one');
  await setImmediate();
  batches[3]?.end();
  expect(await others[1]).toBe('done 2');

  await setImmediate();
  const blocking = made.add(3);
  const away = [4, 5].map((item) => made.add(item));
  batches[4]?.end();
  await blocking;
  await setImmediate();
  batches[5]?.fail(new Error('away'));
  for (const each of away) await expect(each).rejects.toThrow('away');
  expect(items()).toHaveLength(6);
});

test('items that have to wait are run with those of their owner only, one batch at a time, and others do not wait for them', async () => {
  const { made, batches, items } = held();
  const all = [1, 2, 3].map((item) => made.add(item));
  batches[0]?.end();
  await setImmediate();
  batches[1]?.end([{ status: 'later' }, { status: 'fulfilled', value: 'done 3' }]);
  expect(await all[2]).toBe('done 3');
  const same = [made.add(12)];
  same.push(made.add(22));
  batches[3]?.end([{ status: 'later' }]);
  await setImmediate();
  batches[4]?.end([{ status: 'later' }]);
  await setImmediate();
  const next = made.add(4);
  expect(items()).toEqual([[1], [2, 3], [2], [12], [22], [4]]);
  batches[5]?.end();
  expect(await next).toBe('done 4');
  batches[2]?.end();
  expect(await Promise.all(all)).toEqual(['done 1', 'done 2', 'done 3']);
  await setImmediate();
  expect(items().at(-1)).toEqual([12, 22]);
  batches[6]?.end();
  expect(await Promise.all(same)).toEqual(['done 12', 'done 22']);
});
