import { type Selectable, sql } from 'kysely';
import type { Transaction } from '../database/database.ts';
import type { JobImagesTable } from '../database/tables.ts';
import { queriesOf } from '../database/transaction.ts';
import type { ImageRecord, JobImages, OwnedImage } from './job-images-port.ts';

export const jobImagesInPostgres: JobImages = {
  async insert(transaction: Transaction, images: readonly ImageRecord[]): Promise<void> {
    if (images.length === 0) return;
    const rows = images.map((image) => ({
      name: image.name,
      job_id: image.jobId,
      index: image.index,
      format: image.format,
      width: image.width,
      height: image.height,
      bytes: image.bytes,
      sha256: image.sha256 === null ? null : Buffer.from(image.sha256),
      seed: BigInt(image.seed),
      created_at: image.createdAt,
      expires_at: image.expiresAt,
    }));
    await queriesOf(transaction).insertInto('job_images').values(rows).execute();
  },

  async find(transaction: Transaction, name: string): Promise<OwnedImage | null> {
    const row = await queriesOf(transaction)
      .selectFrom('job_images')
      .innerJoin('jobs', 'jobs.id', 'job_images.job_id')
      .selectAll('job_images')
      .select(['jobs.account_id', 'jobs.store'])
      .where('name', '=', name)
      .where('deleted_at', 'is', null)
      .executeTakeFirst();
    return row === undefined ? null : { ...toImageRecord(row), accountId: row.account_id, isStored: row.store };
  },

  async ofJobs(transaction: Transaction, jobIds: readonly string[]): Promise<ImageRecord[]> {
    if (jobIds.length === 0) return [];
    const rows = await queriesOf(transaction)
      .selectFrom('job_images')
      .selectAll()
      .where('job_id', 'in', jobIds)
      .where('deleted_at', 'is', null)
      .orderBy('index')
      .execute();
    return rows.map(toImageRecord);
  },

  async markDeleted(transaction: Transaction, name: string, now: Date): Promise<boolean> {
    const result = await queriesOf(transaction)
      .updateTable('job_images')
      .set({ deleted_at: now })
      .where('name', '=', name)
      .where('deleted_at', 'is', null)
      .executeTakeFirst();
    return result.numUpdatedRows > 0n;
  },

  async markExpired(transaction: Transaction, now: Date, limit: number): Promise<ImageRecord[]> {
    const queries = queriesOf(transaction);
    const expired = queries
      .selectFrom('job_images')
      .select('name')
      .where('deleted_at', 'is', null)
      .where('expires_at', '<=', now)
      .limit(limit)
      .forUpdate()
      .skipLocked();
    const marking = queries.updateTable('job_images').set({ deleted_at: now }).where('name', 'in', expired);
    return (await marking.returningAll().execute()).map(toImageRecord);
  },

  async markOfExpiredJobs(transaction: Transaction, now: Date, limit: number): Promise<ImageRecord[]> {
    const queries = queriesOf(transaction);
    const expired = queries
      .selectFrom('job_images')
      .innerJoin('jobs', 'jobs.id', 'job_images.job_id')
      .select('job_images.name')
      .where('job_images.deleted_at', 'is', null)
      .where('jobs.expires_at', '<=', now)
      .limit(limit)
      .forUpdate('job_images')
      .skipLocked();
    const marking = queries.updateTable('job_images').set({ deleted_at: now }).where('name', 'in', expired);
    return (await marking.returningAll().execute()).map(toImageRecord);
  },

  async known(transaction: Transaction, names: readonly string[]): Promise<ReadonlySet<string>> {
    const queries = queriesOf(transaction);
    const rows = await queries
      .selectFrom('job_images')
      .select('name')
      .where(sql<boolean>`name = any(${[...names]}::char(32)[])`)
      .where('deleted_at', 'is', null)
      .execute();
    const starts = await queries
      .selectFrom('jobs')
      .select(sql<string>`request ->> 'image'`.as('name'))
      .where('state', 'in', ['queued', 'running'])
      .where(sql<boolean>`request ->> 'image' = any(${[...names]}::text[])`)
      .execute();
    return new Set([...rows, ...starts].map(({ name }) => name));
  },
};

function toImageRecord(row: Selectable<JobImagesTable>): ImageRecord {
  return {
    name: row.name,
    jobId: row.job_id,
    index: row.index,
    format: row.format,
    width: row.width,
    height: row.height,
    bytes: row.bytes,
    sha256: row.sha256,
    seed: Number(row.seed),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
  };
}
