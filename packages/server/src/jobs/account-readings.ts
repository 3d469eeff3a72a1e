import { sql } from 'kysely';
import type { Queries } from '../database/database.ts';

/** What the metrics tell of an account. Amounts in micro-credits. */
export interface AccountReading {
  /** Its name, or `other` for all that are not among the first. */
  readonly account: string;
  readonly queued: number;
  readonly running: number;
  /** Charged and reserved in the month. */
  readonly spent: bigint;
  readonly balance: bigint;
}

/**
 * The accounts that have spent most in a month (`YYYY-MM`), and the sums of all others: so many time series there can be at most,
 * however many accounts there are.
 */
export async function readAccounts(
  queries: Queries,
  { most, month }: { readonly most: number; readonly month: string },
): Promise<readonly AccountReading[]> {
  const { rows } = await sql<AccountReading>`
    with months as (
      select account_id, sum(spent + held) as spent from easel.key_months
      join easel.api_keys on api_keys.id = key_id where month = ${month} group by account_id
    ), unfinished as (
      select account_id, count(*) filter (where state = 'queued') as queued, count(*) filter (where state = 'running') as running
      from easel.jobs where state in ('queued', 'running') and not draft group by account_id
    ), ranked as (
      select name, available + balances.held as balance, coalesce(spent, 0) as spent, coalesce(queued, 0) as queued,
        coalesce(running, 0) as running,
        row_number() over (order by spent desc nulls last, queued + running desc nulls last, accounts.id) as place
      from easel.accounts
      join easel.balances on balances.account_id = accounts.id
      left join months on months.account_id = accounts.id
      left join unfinished on unfinished.account_id = accounts.id
    )
    select case when place <= ${most} then name else 'other' end as account, sum(queued)::integer as queued,
      sum(running)::integer as running, sum(spent)::bigint as spent, sum(balance)::bigint as balance
    from ranked group by 1 order by 1`.execute(queries);
  return rows;
}
