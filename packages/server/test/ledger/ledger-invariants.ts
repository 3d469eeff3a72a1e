import { type RawBuilder, sql } from 'kysely';
import { expect } from 'vitest';
import type { Database } from '../../src/database/database.ts';

/** What must hold whenever nobody is in the middle of a transaction. Each query finds the rows that break a rule. */
const violations: Record<string, RawBuilder<unknown>> = {
  'every transaction sums to zero, over two entries': sql`
    select id, count(amount), sum(amount) from easel.ledger_transactions
    left join easel.ledger_entries on transaction_id = id
    group by id having count(amount) <> 2 or sum(amount) <> 0`,

  'a balance is the sum of its entries, and not negative unless a correction was allowed to make it so': sql`
    select * from easel.balances b where available < floor or held < 0
      or available <> (select coalesce(sum(amount), 0) from easel.ledger_entries where ledger_account = 'available:' || b.account_id)
      or held <> (select coalesce(sum(amount), 0) from easel.ledger_entries where ledger_account = 'held:' || b.account_id)`,

  'what is held is what the open holds reserve': sql`
    select * from easel.balances b
    where held <> (select coalesce(sum(amount), 0) from easel.holds h where h.account_id = b.account_id and state = 'open')`,

  'each transaction tells what remained after it': sql`
    select * from (
      select t.id, t.remaining, sum(coalesce(e.amount, 0)) over (partition by t.account_id order by t.id) as running
      from easel.ledger_transactions t
      left join easel.ledger_entries e on e.transaction_id = t.id and e.ledger_account = 'available:' || t.account_id
    ) told where remaining <> running`,

  'a hold is written once, and ended once by what its state says': sql`
    select h.job_id, h.state, array_agg(t.kind order by t.id) as kinds from easel.holds h
    left join easel.ledger_transactions t on t.job_id = h.job_id
    group by h.job_id
    having array_remove(array_agg(t.kind order by t.id), null) <> case
      when h.amount = 0 then array[]::text[]
      when h.state = 'open' then array['hold']
      when h.state = 'charged' then array['hold', 'charge']
      else array['hold', 'release'] end || array(select 'refund' from easel.refunds r where r.job_id = h.job_id)`,

  'a refund is written once, and no more than was charged': sql`
    select * from easel.refunds r
    left join easel.holds h on h.job_id = r.job_id and h.account_id = r.account_id and h.state = 'charged'
    where h.amount is null or r.amount > h.amount
      or r.amount <> (select sum(e.amount) from easel.ledger_transactions t join easel.ledger_entries e on e.transaction_id = t.id
        where t.kind = 'refund' and t.job_id = r.job_id and e.ledger_account = 'available:' || r.account_id)`,

  'no transaction is for a job that nothing is held for': sql`
    select * from easel.ledger_transactions t
    where job_id is not null and not exists (select from easel.holds h where h.job_id = t.job_id)`,

  "a key's month is the sum of its holds": sql`
    select * from (
      select key_id, month, coalesce(sum(amount) filter (where state = 'open'), 0) as held,
        coalesce(sum(amount - coalesce((select amount from easel.refunds r where r.job_id = holds.job_id), 0))
          filter (where state = 'charged'), 0) as spent
      from easel.holds group by key_id, month
    ) counted full join easel.key_months m using (key_id, month)
    where (counted.held, counted.spent) is distinct from (m.held::numeric, m.spent::numeric)`,

  'no month is over its budget': sql`
    select * from easel.key_months m join easel.api_keys k on k.id = m.key_id where m.spent + m.held > k.monthly_budget`,
};

export async function expectSoundLedger({ kysely }: Database): Promise<void> {
  const found: Record<string, unknown[]> = {};
  for (const [rule, query] of Object.entries(violations)) {
    const { rows } = await query.execute(kysely);
    if (rows.length > 0) found[rule] = rows;
  }
  expect(found).toEqual({});
}
