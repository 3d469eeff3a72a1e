import type { DeviceName, Image, ImageFormat } from '@easel/contract';
import { type Selectable, sql } from 'kysely';
import type { Queries } from '../database/database.ts';
import type { JobImagesTable } from '../database/tables.ts';

/** By which the jobs of imported pictures came; no surface of requests has this name. */
export const IMPORT_SURFACE = 'import';

export interface ImageRecord {
  /** 32 hexadecimal digits; whoever knows them may see the picture. */
  readonly name: string;
  readonly jobId: string;
  /** 0, 1, … in the order of the seeds. */
  readonly index: number;
  readonly format: ImageFormat;
  readonly width: number;
  readonly height: number;
  /** Size of the file. */
  readonly bytes: number;
  /** Of the file; null for one that was stored by an earlier release. */
  readonly sha256: Uint8Array | null;
  readonly seed: number;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
}

/** A picture and its owner. */
export interface OwnedImage extends ImageRecord {
  readonly accountId: string;
  /** False: it is deleted once it is delivered. */
  readonly isStored: boolean;
  /** Null: it was not made here. */
  readonly device: DeviceName | null;
}

export async function insertImages(queries: Queries, images: readonly ImageRecord[]): Promise<void> {
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
  await queries.insertInto('job_images').values(rows).execute();
}

/** Null when there is none, or it is no longer kept. */
export async function findImage(queries: Queries, name: string): Promise<OwnedImage | null> {
  const row = await queries
    .selectFrom('job_images')
    .innerJoin('jobs', 'jobs.id', 'job_images.job_id')
    .selectAll('job_images')
    .select(['jobs.account_id', 'jobs.store', 'jobs.device', 'jobs.surface'])
    .where('name', '=', name)
    .where('deleted_at', 'is', null)
    .executeTakeFirst();
  if (row === undefined) return null;
  // Earlier releases, which do not tell, ran on the CPU only.
  const device = row.surface === IMPORT_SURFACE ? null : (row.device ?? 'cpu');
  return { ...imageOf(row), accountId: row.account_id, isStored: row.store, device };
}

/** Those that are kept, in any order. */
export async function findImages(queries: Queries, names: readonly string[]): Promise<ImageRecord[]> {
  const rows = await queries
    .selectFrom('job_images')
    .selectAll()
    .where(sql<boolean>`name = any(${[...names]}::char(32)[])`)
    .where('deleted_at', 'is', null)
    .execute();
  return rows.map(imageOf);
}

/** Of several jobs at once, in the order of their index. */
export async function listImagesOfJobs(queries: Queries, jobIds: readonly string[]): Promise<ImageRecord[]> {
  if (jobIds.length === 0) return [];
  const rows = await queries
    .selectFrom('job_images')
    .selectAll()
    .where('job_id', 'in', jobIds)
    .where('deleted_at', 'is', null)
    .orderBy('index')
    .execute();
  return rows.map(imageOf);
}

/** @returns whether it was still kept */
export async function markImageDeleted(queries: Queries, name: string, now: Date): Promise<boolean> {
  const result = await queries
    .updateTable('job_images')
    .set({ deleted_at: now })
    .where('name', '=', name)
    .where('deleted_at', 'is', null)
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

/** Marks those that have expired as deleted, and returns them. */
export async function markExpiredImages(queries: Queries, now: Date, limit: number): Promise<ImageRecord[]> {
  const expired = queries
    .selectFrom('job_images')
    .select('name')
    .where('deleted_at', 'is', null)
    .where('expires_at', '<=', now)
    .limit(limit)
    .forUpdate()
    .skipLocked();
  const marking = queries.updateTable('job_images').set({ deleted_at: now }).where('name', 'in', expired);
  return (await marking.returningAll().execute()).map(imageOf);
}

/** Marks those of expired jobs, whose records are about to be deleted, as deleted, and returns them. */
export async function markImagesOfExpiredJobs(queries: Queries, now: Date, limit: number): Promise<ImageRecord[]> {
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
  return (await marking.returningAll().execute()).map(imageOf);
}

/** Which of these names are those of kept pictures, or of pictures and masks that unfinished jobs start from. */
export async function findKnownImages(queries: Queries, names: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = await queries
    .selectFrom('job_images')
    .select('name')
    .where(sql<boolean>`name = any(${[...names]}::char(32)[])`)
    .where('deleted_at', 'is', null)
    .execute();
  const starts = await queries
    .selectFrom('jobs')
    .select([sql<string | null>`request ->> 'image'`.as('image'), sql<string | null>`request ->> 'mask'`.as('mask')])
    .where('state', 'in', ['queued', 'running'])
    .where(sql<boolean>`array[request ->> 'image', request ->> 'mask'] && ${[...names]}::text[]`)
    .execute();
  const known = [...rows.map(({ name }) => name), ...starts.flatMap(({ image, mask }) => [image, mask])];
  return new Set(known.filter((name) => name !== null));
}

function imageOf(row: Selectable<JobImagesTable>): ImageRecord {
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

type Described = Pick<ImageRecord, 'name' | 'format'>;

/** The ending of a format's files. */
const endings = { jpeg: 'jpg', png: 'png', webp: 'webp' } as const satisfies Record<ImageFormat, string>;

export function mediaTypeOf(format: ImageFormat): Image['content_type'] {
  return `image/${format}`;
}

export function fileNameOf({ name, format }: Described): string {
  return `${name}.${endings[format]}`;
}

/** The address of a picture; whoever knows it may see the picture. */
export function imageUrl(image: Described, base: string): string {
  return `${base}/api/images/${fileNameOf(image)}`;
}

/** The address of a picture of which only the name is known. */
export function imageUrlOf(name: string, base: string): string {
  return `${base}/api/images/${name}`;
}

/** A picture of a job, as `/api` describes it. */
export function imageReply(image: ImageRecord, base: string): Image {
  const { name, format, bytes, width, height, seed } = image;
  return {
    id: name,
    url: imageUrl(image, base),
    content_type: mediaTypeOf(format),
    file_name: fileNameOf(image),
    file_size: bytes,
    width,
    height,
    seed,
  };
}
