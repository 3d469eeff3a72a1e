import { expect, test } from 'vitest';
import { type Caller, countAgainstLimit, deleteRateWindowsBefore } from '../../src/keys/callers.ts';
import { newCustomer, TestClock } from '../support/customers.ts';
import { useDatabase } from '../support/database.ts';

const opened = useDatabase();

function limiterOf(clock: TestClock, database = opened().database) {
  const parts = { database, clock, requestsPerMinute: 3 };
  return (key: Pick<Caller, 'keyId' | 'requestsPerMinute'>) => countAgainstLimit(parts, key);
}

async function newKey(requestsPerMinute: number | null = null) {
  return { keyId: (await newCustomer(opened().database)).keyId, requestsPerMinute };
}

test('a key has so many requests in a minute of the clock, and all of them again in the next', async () => {
  const clock = new TestClock();
  const [take, key] = [limiterOf(clock), await newKey()];
  clock.set('2026-03-14T15:09:59.999Z');
  const resetAt = new Date('2026-03-14T15:10:00Z');
  for (const remaining of [2, 1, 0]) {
    expect(await take(key)).toEqual({ isAllowed: true, limit: 3, remaining, resetAt });
  }
  expect(await take(key)).toEqual({ isAllowed: false, limit: 3, remaining: 0, resetAt });
  clock.set('2026-03-14T15:10:00Z');
  expect(await take(key)).toMatchObject({ isAllowed: true, remaining: 2 });
});

test("a key's own limit comes before the server's, and keys do not use up one another's", async () => {
  const take = limiterOf(new TestClock());
  const [generous, other] = [await newKey(100), await newKey()];
  for (let sent = 1; sent <= 10; sent++) {
    expect(await take(generous)).toMatchObject({ isAllowed: true, limit: 100, remaining: 100 - sent });
  }
  expect(await take(other)).toMatchObject({ isAllowed: true, limit: 3, remaining: 2 });
});

test('requests that come to several processes at the same time are counted together', async () => {
  const clock = new TestClock();
  const key = await newKey(5);
  const limiters = [limiterOf(clock), limiterOf(clock, opened().open())];
  const taken = await Promise.all(limiters.flatMap((take) => Array.from({ length: 8 }, () => take(key))));
  expect(taken.filter(({ isAllowed }) => isAllowed)).toHaveLength(5);
});

test('windows that are over are forgotten, the present one is not', async () => {
  const clock = new TestClock();
  const [take, key] = [limiterOf(clock), await newKey()];
  await take(key);
  clock.set('2026-03-14T15:10:00Z');
  await take(key);
  await opened().database.transaction((queries) => deleteRateWindowsBefore(queries, new Date('2026-03-14T15:10:00Z')));
  const { kysely } = opened().database;
  const windows = await kysely
    .selectFrom('rate_windows')
    .select('window_start')
    .where('key_id', '=', key.keyId)
    .execute();
  expect(windows).toEqual([{ window_start: new Date('2026-03-14T15:10:00Z') }]);
});
