import type { SentWebhookEvent, WebhookState } from '@easel/contract';
import { type Selectable, sql } from 'kysely';
import type { Queries } from '../database/database.ts';
import { notify, WEBHOOK_CHANNEL } from '../database/notifications.ts';
import type { WebhookAttemptsTable, WebhookDeliveriesTable } from '../database/tables.ts';
import { newId } from '../ids.ts';
import type { AttemptOutcome } from './attempt.ts';

/** An event on its way to one address. */
export interface DeliveryRecord {
  readonly id: string;
  readonly accountId: string;
  /** null: to the address of the job. */
  readonly endpointId: string | null;
  readonly url: string;
  readonly event: SentWebhookEvent;
  readonly jobId: string | null;
  readonly state: WebhookState;
  /** How often it was sent, and how often since it was last asked for. */
  readonly attempts: number;
  readonly tries: number;
  readonly nextAttemptAt: Date;
  readonly lastStatus: number | null;
  readonly lastError: string | null;
  readonly createdAt: Date;
  readonly endedAt: Date | null;
}

export type AttemptRecord = Omit<Selectable<WebhookAttemptsTable>, 'delivery_id'>;

export interface DeliveryDetail {
  readonly delivery: DeliveryRecord;
  readonly body: string;
  /** Oldest first. */
  readonly attempts: readonly AttemptRecord[];
}

type DeliveryRow = Omit<Selectable<WebhookDeliveriesTable>, 'body' | 'leased_until'>;

const columns = [
  'id',
  'account_id',
  'endpoint_id',
  'url',
  'event',
  'job_id',
  'state',
  'attempts',
  'tries',
  'next_attempt_at',
  'last_status',
  'last_error',
  'created_at',
  'ended_at',
] as const;

function toRecord(row: DeliveryRow): DeliveryRecord {
  return {
    id: row.id,
    accountId: row.account_id,
    endpointId: row.endpoint_id,
    url: row.url,
    event: row.event,
    jobId: row.job_id,
    state: row.state,
    attempts: row.attempts,
    tries: row.tries,
    nextAttemptAt: row.next_attempt_at,
    lastStatus: row.last_status,
    lastError: row.last_error,
    createdAt: row.created_at,
    endedAt: row.ended_at,
  };
}

export interface NewDelivery {
  readonly endpointId: string | null;
  readonly url: string;
  readonly body: string;
}

/**
 * Writes an event for each address that it goes to. In the transaction of what it tells of: then it is sent whatever dies afterwards.
 *
 * @returns their ids
 */
export async function addDeliveries(
  queries: Queries,
  about: {
    readonly accountId: string;
    readonly event: SentWebhookEvent;
    readonly jobId: string | null;
    readonly now: Date;
  },
  deliveries: readonly NewDelivery[],
): Promise<string[]> {
  if (deliveries.length === 0) return [];
  const { accountId, event, jobId, now } = about;
  const rows = deliveries.map(({ endpointId, url, body }) => ({
    id: newId(now.getTime()),
    account_id: accountId,
    endpoint_id: endpointId,
    url,
    event,
    job_id: jobId,
    body,
    next_attempt_at: now,
    created_at: now,
  }));
  await queries.insertInto('webhook_deliveries').values(rows).execute();
  await notify(queries, WEBHOOK_CHANNEL);
  return rows.map(({ id }) => id);
}

/** A delivery that this server, and no other, has to send now. */
export interface ClaimedDelivery {
  readonly delivery: DeliveryRecord;
  readonly body: string;
}

/**
 * Takes the delivery that has been due for longest. It is leased by the clock of the database, which all servers share, so that no other
 * server sends it meanwhile; when its server dies, it is due again after the lease.
 *
 * @param busy accounts of which nothing is taken
 */
export async function claimDelivery(
  queries: Queries,
  { now, leaseMs, busy }: { readonly now: Date; readonly leaseMs: number; readonly busy: readonly string[] },
): Promise<ClaimedDelivery | null> {
  const due = queries
    .selectFrom('webhook_deliveries')
    .select('id')
    .where('state', '=', 'pending')
    .where('next_attempt_at', '<=', now)
    .where(sql<boolean>`(leased_until is null or leased_until < clock_timestamp())`)
    .where(sql<boolean>`account_id <> all(${[...busy]}::uuid[])`)
    .orderBy('next_attempt_at')
    .limit(1)
    .forUpdate()
    .skipLocked();
  const row = await queries
    .updateTable('webhook_deliveries')
    .set(({ eb }) => ({
      attempts: eb('attempts', '+', 1),
      tries: eb('tries', '+', 1),
      leased_until: sql<Date>`clock_timestamp() + ${leaseMs} * interval '1 millisecond'`,
    }))
    .where('id', '=', due)
    .returning([...columns, 'body'])
    .executeTakeFirst();
  if (row === undefined) return null;
  await queries.insertInto('webhook_attempts').values({ delivery_id: row.id, number: row.attempts, at: now }).execute();
  return { delivery: toRecord(row), body: row.body };
}

/** What follows an attempt. */
export type AfterAttempt =
  | { readonly state: 'delivered' | 'failed'; readonly endedAt: Date }
  | { readonly state: 'pending'; readonly nextAttemptAt: Date };

/**
 * Writes down what came of an attempt.
 *
 * @returns false when it is not the present one any more: its lease had ended, and another server sends it
 */
export async function settleAttempt(
  queries: Queries,
  { id, attempts, tries }: Pick<DeliveryRecord, 'id' | 'attempts' | 'tries'>,
  { status, error, response, seconds }: AttemptOutcome,
  after: AfterAttempt,
): Promise<boolean> {
  await queries
    .updateTable('webhook_attempts')
    .set({ status, error, response, seconds })
    .where('delivery_id', '=', id)
    .where('number', '=', attempts)
    .execute();
  const result = { leased_until: null, last_status: status, last_error: error };
  const next =
    after.state === 'pending'
      ? { next_attempt_at: after.nextAttemptAt }
      : { state: after.state, ended_at: after.endedAt };
  const current = queries.updateTable('webhook_deliveries').where('id', '=', id).where('attempts', '=', attempts);
  const { numUpdatedRows } = await current
    .set({ ...result, ...next })
    // What was ended meanwhile, as with its endpoint, has arrived all the same; what was asked for again meanwhile stays due.
    .$if(after.state !== 'delivered', (query) => query.where('state', '=', 'pending').where('tries', '=', tries))
    .executeTakeFirst();
  if (numUpdatedRows === 0n) await current.set({ leased_until: null }).execute();
  return numUpdatedRows > 0n;
}

/** Gives a delivery back that was not sent to the end, as when the server stops: it is due at once. */
export async function releaseDelivery(
  queries: Queries,
  { id, attempts }: Pick<DeliveryRecord, 'id' | 'attempts'>,
): Promise<void> {
  await queries
    .updateTable('webhook_deliveries')
    .set({ leased_until: null, tries: sql<number>`greatest(tries - 1, 0)` })
    .where('id', '=', id)
    .where('attempts', '=', attempts)
    .execute();
  await notify(queries, WEBHOOK_CHANNEL);
}

/** Ends what is on its way to an endpoint. */
export async function endPendingOf(queries: Queries, endpointId: string, error: string, now: Date): Promise<void> {
  await queries
    .updateTable('webhook_deliveries')
    .set({ state: 'failed', last_error: error, ended_at: now })
    .where('endpoint_id', '=', endpointId)
    .where('state', '=', 'pending')
    .execute();
}

/** Makes a delivery due again, with all of the retries. @param url where its endpoint is now; undefined: where it was */
export async function sendAgain(
  queries: Queries,
  id: string,
  { url, now }: { readonly url: string | undefined; readonly now: Date },
): Promise<void> {
  await queries
    .updateTable('webhook_deliveries')
    .set({ state: 'pending', tries: 0, next_attempt_at: now, ended_at: null, ...(url !== undefined && { url }) })
    .where('id', '=', id)
    .execute();
  await notify(queries, WEBHOOK_CHANNEL);
}

/** Which deliveries, newest first; an absent condition does not apply. */
export interface DeliveryFilter {
  readonly accountId?: string | undefined;
  readonly endpointId?: string | undefined;
  readonly jobId?: string | undefined;
  readonly state?: WebhookState | undefined;
  /** Only deliveries older than this one. */
  readonly before?: string | undefined;
  readonly limit: number;
}

/** Newest first; ids sort by time. */
export async function selectDeliveries(queries: Queries, filter: DeliveryFilter): Promise<DeliveryRecord[]> {
  const { accountId, endpointId, jobId, state, before, limit } = filter;
  let rows = queries.selectFrom('webhook_deliveries').select(columns).orderBy('id', 'desc').limit(limit);
  if (accountId !== undefined) rows = rows.where('account_id', '=', accountId);
  if (endpointId !== undefined) rows = rows.where('endpoint_id', '=', endpointId);
  if (jobId !== undefined) rows = rows.where('job_id', '=', jobId);
  if (state !== undefined) rows = rows.where('state', '=', state);
  if (before !== undefined) rows = rows.where('id', '<', before);
  return (await rows.execute()).map(toRecord);
}

export async function findDelivery(queries: Queries, id: string): Promise<DeliveryRecord | null> {
  const rows = queries.selectFrom('webhook_deliveries').select(columns).where('id', '=', id);
  const row = await rows.executeTakeFirst();
  return row === undefined ? null : toRecord(row);
}

/** One that is there. */
export async function findDeliveryDetail(queries: Queries, id: string): Promise<DeliveryDetail> {
  const row = await queries
    .selectFrom('webhook_deliveries')
    .select([...columns, 'body'])
    .where('id', '=', id)
    .executeTakeFirstOrThrow();
  const attempts = await queries
    .selectFrom('webhook_attempts')
    .select(['number', 'at', 'status', 'error', 'seconds', 'response'])
    .where('delivery_id', '=', id)
    .orderBy('number')
    .execute();
  return { delivery: toRecord(row), body: row.body, attempts };
}

/** Deletes what was delivered or given up before the time. @returns how many */
export async function deleteDeliveriesEndedBefore(queries: Queries, time: Date): Promise<number> {
  const query = queries.deleteFrom('webhook_deliveries').where('ended_at', '<', time);
  return Number((await query.executeTakeFirst()).numDeletedRows);
}

/** Deletes the deliveries of a job that its owner has deleted: their bodies tell of it. */
export async function deleteDeliveriesOfJob(queries: Queries, jobId: string): Promise<void> {
  await queries.deleteFrom('webhook_deliveries').where('job_id', '=', jobId).execute();
}
