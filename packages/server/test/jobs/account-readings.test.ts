import { expect, test } from 'vitest';
import { chargeHold, holdPrice } from '../../src/credits/holds.ts';
import { newId } from '../../src/ids.ts';
import { readAccounts } from '../../src/jobs/account-readings.ts';
import { newCustomer } from '../support/customers.ts';
import { useDatabase } from '../support/database.ts';

const opened = useDatabase();

test('the accounts that spend most have a reading each, and all others one together', async () => {
  const { database } = opened();
  for (const spent of [10n, 40n, 20n, 30n]) {
    const { accountId, keyId } = await newCustomer(database, { available: 100n });
    const { kysely } = database;
    await kysely
      .updateTable('accounts')
      .set({ name: `spent ${spent}` })
      .where('id', '=', accountId)
      .execute();
    const hold = { jobId: newId(), accountId, keyId, model: 'a', samples: 1, amount: spent, month: '2026-03' };
    await database.transaction(async (queries) => {
      await holdPrice(queries, hold);
      if (spent !== 40n) await chargeHold(queries, hold.jobId, new Date('2026-03-14T00:00Z'));
    });
  }
  const read = (most: number, month = '2026-03') =>
    database.transaction((queries) => readAccounts(queries, { most, month }));
  const none = { queued: 0, running: 0 };
  expect(await read(2)).toEqual([
    { account: 'other', ...none, spent: 30n, balance: 170n },
    { account: 'spent 30', ...none, spent: 30n, balance: 70n },
    { account: 'spent 40', ...none, spent: 40n, balance: 100n },
  ]);
  expect((await read(4)).map(({ account }) => account)).toEqual(['spent 10', 'spent 20', 'spent 30', 'spent 40']);
  expect((await read(1, '2026-04')).map(({ spent }) => spent)).toEqual([0n, 0n]);
});
