import { sql } from 'kysely';
import type { Queries } from '../database/database.ts';
import { DomainError } from '../domain-error.ts';
import type { JobRecord, NewJob } from './job.ts';
import { findJobs } from './jobs-table.ts';

const KEPT_MS = 24 * 60 * 60 * 1000;

/** The client's `Idempotency-Key` and the SHA-256 of its body. */
export interface Idempotency {
  readonly key: string;
  readonly bodyHash: Uint8Array;
}

/** A submission of an account, with the key that its client sent; null: it sent none. */
export interface Keyed {
  readonly accountId: string;
  readonly idempotency: Idempotency | null;
}

interface Earlier {
  readonly jobId: string;
  readonly bodyHash: Uint8Array;
  /** Null: its record has been deleted. */
  readonly job: JobRecord | null;
}

/** The jobs of earlier requests with the same idempotency keys. */
export class EarlierJobs {
  readonly #known: ReadonlyMap<string, Earlier>;

  private constructor(known: ReadonlyMap<string, Earlier>) {
    this.#known = known;
  }

  static async find(queries: Queries, submissions: readonly Keyed[], now: Date): Promise<EarlierJobs> {
    const keyed = submissions.flatMap(({ accountId, idempotency }) =>
      idempotency === null ? [] : [{ accountId, key: idempotency.key }],
    );
    if (keyed.length === 0) return new EarlierJobs(new Map());
    const { rows } = await sql<{
      account_id: string;
      key: string;
      body_hash: Buffer;
      job_id: string;
      created_at: Date;
    }>`
      select record.account_id, record.key, record.body_hash, record.job_id, record.created_at
      from ${sentKeys(keyed)} join easel.idempotency as record on record.account_id = sent.account_id and record.key = sent.key
    `.execute(queries);
    const kept = rows.filter(({ created_at }) => created_at.getTime() + KEPT_MS > now.getTime());
    const jobs = await findJobs(
      queries,
      kept.map(({ job_id }) => job_id),
    );
    const jobOf = new Map(jobs.map((job) => [job.id, job]));
    const known = kept.map(
      ({ account_id: accountId, key, body_hash: bodyHash, job_id: jobId }) =>
        [nameOf({ accountId, key }), { jobId, bodyHash, job: jobOf.get(jobId) ?? null }] as const,
    );
    return new EarlierJobs(new Map(known));
  }

  /**
   * The job of an earlier request with the same key, unless it failed or was cancelled: then the key may be used again.
   *
   * @throws DomainError `idempotency_mismatch`, `conflict`
   */
  of({ accountId, idempotency }: Keyed): JobRecord | null {
    if (idempotency === null) return null;
    const record = this.#known.get(nameOf({ accountId, key: idempotency.key }));
    if (record === undefined) return null;
    const { job, jobId, bodyHash } = record;
    if (job?.state === 'failed' || job?.state === 'cancelled') return null;
    if (job !== null && Buffer.compare(bodyHash, idempotency.bodyHash) === 0) return job;
    // Deleted jobs include failed ones: their outcome is unknown.
    if (job === null) {
      throw new DomainError(
        'conflict',
        `this Idempotency-Key was used for job ${jobId}, whose record has been deleted since`,
        { remedy: 'send another key to have the pictures made, and charged, again', param: 'Idempotency-Key' },
      );
    }
    throw new DomainError(
      'idempotency_mismatch',
      'this Idempotency-Key was used with another body in the last 24 hours',
      { remedy: 'send the same body, or another key', param: 'Idempotency-Key' },
    );
  }
}

/** Replaces earlier records of the keys. No two of the submissions may have the same one. */
export async function rememberKeys(
  queries: Queries,
  submissions: readonly (Keyed & { readonly job: Pick<NewJob, 'id' | 'createdAt'> })[],
): Promise<void> {
  const rows = submissions.flatMap(({ accountId, idempotency, job }) =>
    idempotency === null ? [] : [{ accountId, ...idempotency, job }],
  );
  if (rows.length === 0) return;
  await sql`
    delete from easel.idempotency as record using ${sentKeys(rows)}
    where record.account_id = sent.account_id and record.key = sent.key
  `.execute(queries);
  await queries
    .insertInto('idempotency')
    .values(
      rows.map(({ accountId, key, bodyHash, job }) => ({
        account_id: accountId,
        key,
        body_hash: Buffer.from(bodyHash),
        job_id: job.id,
        created_at: job.createdAt,
      })),
    )
    .execute();
}

/** @returns how many */
export async function deleteIdempotencyKeysBefore(queries: Queries, time: Date): Promise<number> {
  const query = queries.deleteFrom('idempotency').where('created_at', '<', time);
  return Number((await query.executeTakeFirst()).numDeletedRows);
}

interface SentKey {
  readonly accountId: string;
  readonly key: string;
}

/** A table of what was sent: `sent (account_id, key)`. */
function sentKeys(keys: readonly SentKey[]) {
  return sql`unnest(${keys.map(({ accountId }) => accountId)}::uuid[], ${keys.map(({ key }) => key)}::text[]) as sent (account_id, key)`;
}

function nameOf({ accountId, key }: SentKey): string {
  return `${accountId} ${key}`;
}
