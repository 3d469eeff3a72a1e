import { microToDecimal } from '@easel/contract';
import type { Selectable } from 'kysely';
import type { Queries } from '../database/database.ts';
import type { HoldState, RefundsTable } from '../database/tables.ts';
import { DomainError } from '../domain-error.ts';
import { settleInMonth } from '../keys/key-months.ts';
import { findByIdempotencyKey, type LedgerRecord, lockBalance, moveCredits } from './ledger.ts';

export interface Refund {
  readonly jobId: string;
  /** Micro-credits; null: all that was charged. */
  readonly amount: bigint | null;
  readonly reason: string;
  /** The key of the administrator who decided it. */
  readonly refundedBy: string;
  readonly idempotencyKey: string | null;
}

export type RefundRefusal =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'not-charged'; readonly state: HoldState }
  | { readonly kind: 'free' }
  | { readonly kind: 'already'; readonly earlier: Selectable<RefundsTable> }
  | { readonly kind: 'too-much'; readonly charged: bigint };

export type RefundOutcome =
  | { readonly kind: 'refunded'; readonly record: LedgerRecord }
  /** Its key was used before, for this job or for something else; nothing has changed. */
  | { readonly kind: 'repeated'; readonly record: LedgerRecord }
  | RefundRefusal;

/**
 * Gives back what a job was charged, and takes it off what its key has spent in that month. The hold has what the job cost for as long as
 * there is a ledger, so the record of the job need not be there any more.
 */
export async function refundCharge(queries: Queries, refund: Refund, now: Date): Promise<RefundOutcome> {
  const { jobId, reason, refundedBy, idempotencyKey } = refund;
  const hold = await queries.selectFrom('holds').selectAll().where('job_id', '=', jobId).executeTakeFirst();
  if (hold === undefined) return { kind: 'unknown' };
  const { account_id: accountId, key_id: keyId, month, amount: charged } = hold;
  await lockBalance(queries, accountId);
  const repeated = await findByIdempotencyKey(queries, { accountId, idempotencyKey });
  if (repeated !== null) return { kind: 'repeated', record: repeated };
  // The lock is the one that charges and refunds: what is read now stays.
  const { state } = await queries
    .selectFrom('holds')
    .select('state')
    .where('job_id', '=', jobId)
    .executeTakeFirstOrThrow();
  if (state !== 'charged') return { kind: 'not-charged', state };
  if (charged === 0n) return { kind: 'free' };
  const earlier = await queries.selectFrom('refunds').selectAll().where('job_id', '=', jobId).executeTakeFirst();
  if (earlier !== undefined) return { kind: 'already', earlier };
  const amount = refund.amount ?? charged;
  if (amount > charged) return { kind: 'too-much', charged };
  await queries
    .insertInto('refunds')
    .values({ job_id: jobId, account_id: accountId, amount, reason, refunded_by: refundedBy, refunded_at: now })
    .execute();
  await settleInMonth(queries, { keyId, month }, { held: 0n, spent: -amount });
  const movement = { kind: 'refund', accountId, keyId, jobId, note: reason, amount, idempotencyKey } as const;
  return { kind: 'refunded', record: await moveCredits(queries, movement) };
}

export function refusedRefund({ jobId, amount }: Refund, refusal: RefundRefusal): DomainError {
  switch (refusal.kind) {
    case 'unknown':
      return new DomainError('not_found', `there never was a job ${jobId}`);
    case 'not-charged':
      return new DomainError('conflict', `job ${jobId} was not charged`, {
        remedy:
          refusal.state === 'open'
            ? 'cancel it: nothing is charged then'
            : 'nothing has to be done: it failed or was cancelled, and its price was released',
      });
    case 'free':
      return new DomainError('conflict', `job ${jobId} was free: there is nothing to refund`);
    case 'already': {
      const { amount: given, refunded_at: at, reason } = refusal.earlier;
      const message = `${microToDecimal(given)} credits of job ${jobId} were refunded already, at ${at.toISOString()}: ${reason}`;
      return new DomainError('conflict', message, { remedy: 'grant credits if the account is to get more' });
    }
    case 'too-much': {
      const most = microToDecimal(refusal.charged);
      const message = `amount must be at most ${most}, which job ${jobId} was charged (got ${microToDecimal(amount ?? 0n)})`;
      return new DomainError('invalid_request', message, { param: 'amount' });
    }
  }
}
