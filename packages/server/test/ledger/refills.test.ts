import { expect, test } from 'vitest';
import { holdPrice, releaseHold } from '../../src/credits/holds.ts';
import { refillAccounts } from '../../src/credits/refills.ts';
import { newId } from '../../src/ids.ts';
import type { RefillTerms } from '../../src/keys/refill-plan.ts';
import { customerServices, newCustomer, TestClock } from '../support/customers.ts';
import { useDatabase } from '../support/database.ts';
import { expectSoundLedger } from './ledger-invariants.ts';

const opened = useDatabase();
const services = (clock = new TestClock()) => customerServices(opened().database, { clock });

/** An account of the 14th of March, and what it has after a server looked at these times. */
async function refilled(refill: RefillTerms, available = 0n) {
  const { accountId, keyId } = await newCustomer(opened().database, { available });
  await services().accountService.change(accountId, { refill });
  return {
    accountId,
    keyId,
    async at(...times: string[]) {
      for (const time of times) await refillAccounts(opened().database, new Date(`${time}Z`));
      return (await services().credits.balance(accountId)).available;
    },
  };
}

test('an account is refilled once a month, whatever the servers are and however often they look', async () => {
  const { accountId, at } = await refilled({ amount: 500n, day: 1, mode: 'add' });
  expect(await at('2026-03-14T15:10', '2026-03-31T23:59')).toBe(0n);
  const others = [1, 2, 3].map(() => opened().open({ poolSize: 2 }));
  const looks = await Promise.all(others.map((each) => refillAccounts(each, new Date('2026-04-01T00:00Z'))));
  expect(looks.flat()).toEqual([{ accountId, month: '2026-04', amount: 500n }]);
  expect(await at('2026-04-01T00:01', '2026-04-30T23:59')).toBe(500n);
  expect(await at('2026-05-02T00:00', '2026-05-02T00:01')).toBe(1000n);
  const [newest] = await services().credits.ledger({ accountId, before: null, limit: 1 });
  expect(newest).toMatchObject({ kind: 'grant', amount: 500n, note: 'monthly refill 2026-05' });
  await expectSoundLedger(opened().database);
});

test('a clock that jumps ahead and back costs no month and grants none twice', async () => {
  const { at } = await refilled({ amount: 500n, day: 20, mode: 'add' });
  expect(await at('2026-03-20T00:00')).toBe(500n);
  expect(await at('2026-09-21T00:00')).toBe(1500n); // August is a month late, September is due
  expect(await at('2026-03-20T00:05', '2026-04-20T00:00', '2026-05-20T00:00')).toBe(2500n);
  expect(await at('2026-06-20T00:00', '2026-07-20T00:00', '2026-08-20T00:00', '2026-09-20T00:00')).toBe(3500n);
});

test('a top-up raises what is available to the amount, and leaves more alone', async () => {
  const poor = await refilled({ amount: 500n, day: 31, mode: 'top_up' }, 200n);
  const rich = await refilled({ amount: 500n, day: 31, mode: 'top_up' }, 900n);
  expect([await poor.at('2026-03-31T00:00'), await rich.at('2026-03-31T00:01')]).toEqual([500n, 900n]);
  const [granted] = await services().credits.ledger({ accountId: poor.accountId, before: null, limit: 1 });
  expect(granted).toMatchObject({ amount: 300n });
  expect(await services().credits.ledger({ accountId: rich.accountId, before: null, limit: 10 })).toHaveLength(1);
});

test('what is held counts for a top-up: it may come back', async () => {
  const { accountId, keyId, at } = await refilled({ amount: 500n, day: 31, mode: 'top_up' }, 500n);
  const { database } = opened();
  const jobId = newId();
  const hold = { jobId, accountId, keyId, model: 'demo', samples: 1, amount: 400n, month: '2026-03' };
  await database.transaction((queries) => holdPrice(queries, hold));
  expect(await at('2026-03-31T00:00')).toBe(100n);
  await database.transaction((queries) => releaseHold(queries, jobId, new Date()));
  expect(await at('2026-03-31T00:01')).toBe(500n);
});

test('a closed account is not refilled, and not for the time that it was closed', async () => {
  const { accountId, at } = await refilled({ amount: 500n, day: 20, mode: 'add' });
  const clock = new TestClock();
  const { accountService } = services(clock);
  expect((await accountService.get(accountId)).refill).toMatchObject({ next: new Date('2026-03-20T00:00Z') });
  const { account } = await accountService.close(accountId);
  expect(account).toMatchObject({ closedAt: clock.now(), refill: { amount: 500n, next: null } });
  expect(await at('2026-03-21T00:00')).toBe(0n);
  clock.set('2026-04-21T00:00:00Z');
  const reopened = await accountService.reopen(accountId);
  expect(reopened).toMatchObject({ closedAt: null, refill: { next: new Date('2026-05-20T00:00Z') } });
  expect(await at('2026-04-22T00:00', '2026-05-20T00:00')).toBe(500n);
});

test('without a refill nothing is granted any more; another day does not repeat a month', async () => {
  const { accountId, at } = await refilled({ amount: 500n, day: 14, mode: 'add' });
  expect(await at('2026-03-14T16:00')).toBe(500n);
  const { accountService } = services();
  await accountService.change(accountId, { refill: { amount: 700n, day: 20, mode: 'add' } });
  expect(await at('2026-03-20T16:00')).toBe(500n);
  expect(await at('2026-04-20T16:00')).toBe(1200n);
  expect((await accountService.change(accountId, { refill: null })).refill).toBeNull();
  expect(await at('2026-05-20T16:00')).toBe(1200n);
});
