import { holdPrice } from '../credits/holds.ts';
import type { Queries } from '../database/database.ts';
import { DomainError } from '../domain-error.ts';
import { monthOf } from '../keys/key-months.ts';
import type { JobContext, NewJob } from './job.ts';
import { secondsToNextStart } from './outlook.ts';
import { type AccountTurn, lockQueuedJobs, type QueuedJob } from './turns.ts';

type AdmissionContext = Pick<JobContext, 'clock' | 'limits'>;

/**
 * Checks the limits of the queue, and holds the job's price.
 *
 * @returns the account's queued jobs of the model, locked
 * @throws DomainError `rate_limited`, `insufficient_credits`, `overloaded`
 */
export async function reservePlace(
  context: AdmissionContext,
  queries: Queries,
  job: Omit<NewJob, 'virtualStart'>,
  account: AccountTurn,
): Promise<readonly QueuedJob[]> {
  const { id: jobId, accountId, keyId, request, price, createdAt } = job;
  const { model, samples } = request;
  // Jobs before the balance: a cancellation locks them in this order, and the opposite order could deadlock.
  const queued = await lockQueuedJobs(queries, accountId, model);
  await requireOwnPlace(context, queries, job, account);
  await holdPrice(queries, { jobId, accountId, keyId, model, samples, amount: price, month: monthOf(createdAt) });
  await requirePlace(context, queries, model, queued.length);
  return queued;
}

/** One account cannot fill the queue. */
async function requireOwnPlace(
  { clock, limits }: AdmissionContext,
  queries: Queries,
  { accountId, request }: Omit<NewJob, 'virtualStart'>,
  { maxQueued }: AccountTurn,
): Promise<void> {
  const limit = maxQueued ?? limits.queuedPerAccount;
  const queued = await countQueuedJobsOf(queries, accountId);
  if (queued < limit) return;
  throw new DomainError(
    'rate_limited',
    `this account has ${queued} jobs queued, and at most ${limit} are allowed; nothing was charged`,
    {
      remedy: 'send the next one when one of them has started, or cancel one',
      retryAfterSeconds: await secondsToNextStart(queries, clock.now(), request.model),
    },
  );
}

/** An account with less than its share of a full queue still gets in: it is not responsible for the load. */
async function requirePlace(
  { clock, limits: { queueLength } }: AdmissionContext,
  queries: Queries,
  model: string,
  own: number,
): Promise<void> {
  const queued = await countQueuedJobs(queries, model);
  if (queued < queueLength) return;
  const others = await countQueuedAccounts(queries, model);
  const share = Math.floor(queueLength / (own === 0 ? others + 1 : others));
  if (own < share) return;
  throw new DomainError(
    'overloaded',
    `the queue is full: ${queued} jobs are queued for ${model}, and at most ${queueLength} are allowed; nothing was charged`,
    { remedy: 'try again later', retryAfterSeconds: await secondsToNextStart(queries, clock.now(), model) },
  );
}

export function countQueuedJobs(queries: Queries, model: string): Promise<number> {
  return countQueued(queries, 'model', model);
}

export async function modelsWithQueuedJobs(queries: Queries): Promise<ReadonlySet<string>> {
  const rows = await queries.selectFrom('jobs').select('model').distinct().where('state', '=', 'queued').execute();
  return new Set(rows.map(({ model }) => model));
}

/** Of one account, for all models. */
function countQueuedJobsOf(queries: Queries, accountId: string): Promise<number> {
  return countQueued(queries, 'account_id', accountId);
}

async function countQueued(queries: Queries, column: 'model' | 'account_id', value: string): Promise<number> {
  const { count } = await queries
    .selectFrom('jobs')
    .select(({ fn }) => fn.countAll<bigint>().as('count'))
    .where(column, '=', value)
    .where('state', '=', 'queued')
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** Accounts that have jobs queued for the model. */
async function countQueuedAccounts(queries: Queries, model: string): Promise<number> {
  const { count } = await queries
    .selectFrom('jobs')
    .select(({ fn }) => fn.count<bigint>('account_id').distinct().as('count'))
    .where('model', '=', model)
    .where('state', '=', 'queued')
    .executeTakeFirstOrThrow();
  return Number(count);
}
