import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { chargeHold, placeHold } from '../../src/credits/holds.ts';
import { newId } from '../../src/ids.ts';
import { newCustomer } from '../support/customers.ts';
import { useDatabase } from '../support/database.ts';
import { expectSoundLedger } from './ledger-invariants.ts';

const opened = useDatabase();

const run = (statement: string) => sql.raw(statement).execute(opened().database.kysely);

/** An account with a grant, a hold that was charged and one that is open. */
async function history() {
  const customer = await newCustomer(opened().database, { available: 10_000n });
  const [ended, open] = [newId(), newId()];
  const hold = { ...customer, model: 'a-model', samples: 1, amount: 1_000n, month: '2026-03' };
  await opened().database.transaction(async (queries) => {
    await placeHold(queries, { ...hold, jobId: ended });
    await placeHold(queries, { ...hold, jobId: open });
    await chargeHold(queries, ended, new Date());
  });
  return { ...customer, ended, open };
}

test.each([
  'update easel.ledger_transactions set note = $$changed$$',
  'update easel.ledger_transactions set note = $$changed$$ where false',
  'delete from easel.ledger_transactions',
  'truncate easel.ledger_transactions cascade',
  'update easel.ledger_entries set amount = amount + 1',
  'delete from easel.ledger_entries',
  'truncate easel.ledger_entries',
  'delete from easel.holds',
  'truncate easel.holds',
])('the database itself refuses: %s', async (statement) => {
  await history();
  await expect(run(statement)).rejects.toThrow(/keeps what was written: \w+ is refused/);
  await expectSoundLedger(opened().database);
});

test('the database itself refuses to reopen, to re-end or to change a hold', async () => {
  const { ended, open } = await history();
  const change = (what: string, jobId: string) => run(`update easel.holds set ${what} where job_id = '${jobId}'`);
  await expect(change("state = 'open', ended_at = null", ended)).rejects.toThrow('has already been charged');
  await expect(change("state = 'released'", ended)).rejects.toThrow('has already been charged');
  await expect(change('amount = 1', open)).rejects.toThrow('can only be ended');
  await expect(change("month = '2026-04'", open)).rejects.toThrow('can only be ended');
});

test('a transaction without entries, or with entries that do not sum to zero, cannot be committed', async () => {
  const { accountId } = await history();
  const insert = `insert into easel.ledger_transactions (kind, account_id, remaining) values ('grant', '${accountId}', 0)`;
  const entries = (first: number, second: number) => `
    with added as (${insert} returning id)
    insert into easel.ledger_entries
    select id, ledger_account, amount from added, (values ('issued', ${first}), ('available:${accountId}', ${second}))
      as entry (ledger_account, amount)`;
  await expect(run(insert)).rejects.toThrow('is not balanced: 0 entries');
  await expect(run(entries(-5, 4))).rejects.toThrow('is not balanced: 2 entries that sum to -1');
  await expect(run(entries(0, 0))).rejects.toThrow(/check constraint/);
});

test('an entry added to a transaction of the past cannot be committed', async () => {
  const { accountId } = await history();
  const statement = `
    insert into easel.ledger_entries
    select max(id), 'revenue', 5 from easel.ledger_transactions where kind = 'grant' and account_id = '${accountId}'`;
  await expect(run(statement)).rejects.toThrow('is not balanced: 3 entries that sum to 5');
});

test('a balance below zero, or a second end of a job in the ledger, cannot be written', async () => {
  const { accountId, keyId, ended } = await history();
  await expect(run(`update easel.balances set available = -1 where account_id = '${accountId}'`)).rejects.toThrow(
    /check constraint/,
  );
  const again = `
    insert into easel.ledger_transactions (kind, account_id, key_id, job_id, remaining)
    values ('release', '${accountId}', '${keyId}', '${ended}', 0)`;
  await expect(run(again)).rejects.toThrow('ledger_hold_ends_once');
});
