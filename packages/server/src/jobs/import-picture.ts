import { createHash } from 'node:crypto';
import {
  explainInvalid,
  type FieldValues,
  fillRequest,
  type ImageFormat,
  type JobImport,
  jobCreateSchema,
  limits,
  MAX_PROMPT_LENGTH,
  readRequest,
  type Size,
  wireName,
  writeRequest,
} from '@easel/contract';
import { hasCode } from '@easel/errors';
import type { PictureSettings } from '@easel/parameters';
import { sql } from 'kysely';
import type { Queries } from '../database/database.ts';
import { DomainError } from '../domain-error.ts';
import { newId, newImageName } from '../ids.ts';
import { lockAccount } from '../keys/accounts.ts';
import type { ModelCard } from '../models/model-card.ts';
import type { ImageStore } from '../pictures/image-store.ts';
import { IMPORT_SURFACE, insertImages } from '../pictures/images.ts';
import type { InputPictures } from '../pictures/input-pictures.ts';
import { type StorageWatch, storageAway } from '../pictures/storage-watch.ts';
import type { JobContext, JobRequest } from './job.ts';
import { getJob, type JobView } from './job-views.ts';
import { insertJobs } from './jobs-table.ts';

/** Of an account: they cost nothing, and each is a file and rows of the database, however small. */
const MOST_IMPORTS = 20_000;

export interface ImportContext extends Pick<JobContext, 'database' | 'clock' | 'retention' | 'jobLog'> {
  readonly store: ImageStore;
  readonly storage: StorageWatch;
  readonly inputPictures: Pick<InputPictures, 'use'>;
  /** What requests get that are silent; the default model's. */
  readonly card: () => ModelCard;
  /** The most that an account may keep of imported pictures; 0: nothing can be imported. */
  readonly mostBytes: number;
}

/** A file that an account wants to have among its pictures. */
export interface Upload {
  readonly accountId: string;
  readonly keyId: string;
  readonly requestId: string;
  readonly file: Uint8Array;
  readonly fileName: string | null;
  readonly signal: AbortSignal;
}

/** The model of imported pictures, which none on this server is called. */
const IMPORTED_MODEL = 'imported';

/**
 * Takes a picture over as a job that has succeeded and costs nothing: it has no hold, so usage and ledger know nothing of it, and no
 * worker has made it, so metrics and speeds do not either. The file is kept as it is, once a process of its own has decoded it and read its settings.
 *
 * @throws DomainError `invalid_request` for what is no picture, `conflict` for a file that the account has, `forbidden` for more than it may
 *   keep, `overloaded` when it cannot be read or stored now; the signal's reason
 */
export async function importPicture(context: ImportContext, upload: Upload): Promise<JobView> {
  const { file, accountId, signal } = upload;
  const format = formatOf(file);
  const hash = createHash('sha256').update(file).digest();
  // Cheap checks come first; they are repeated when the picture is written.
  await context.database.transaction((queries) => requireNew(context, queries, upload, hash));
  const { size, found } = await context.inputPictures.use(file, { owner: accountId, signal }, async (picture) => {
    const settings = await picture.settings();
    await picture.fit(checkedSize(picture.size));
    return { size: picture.size, found: settings };
  });
  const name = newImageName();
  await store(context, name, format, file);
  try {
    const jobId = await context.database.transaction(async (queries) => {
      if (!(await lockAccount(queries, accountId)))
        throw new DomainError('not_found', `there is no account ${accountId}`);
      await requireNew(context, queries, upload, hash);
      return insertImported(context, queries, { ...upload, size, format, found, hash, name });
    });
    return await getJob(context, accountId, jobId);
  } catch (error) {
    // After any other error its record may exist.
    if (error instanceof DomainError) await context.store.remove(name, format).catch(() => {});
    throw error;
  }
}

/** By its first bytes. @throws DomainError `invalid_request` */
function formatOf(file: Uint8Array): ImageFormat {
  const start = Buffer.from(file.subarray(0, 12)).toString('latin1');
  if (start.startsWith('\x89PNG\r\n\x1a\n')) return 'png';
  if (start.startsWith('\xff\xd8\xff')) return 'jpeg';
  if (start.startsWith('RIFF') && start.endsWith('WEBP')) return 'webp';
  throw new DomainError('invalid_request', 'image must be a PNG, JPEG or WebP file', { param: 'image' });
}

/** All of it is decoded, whatever the size; what comes of it is thrown away. */
function checkedSize({ width, height }: Size): Size {
  const most = 64;
  return { width: Math.min(width, most), height: Math.min(height, most) };
}

/** @throws DomainError `conflict`, `forbidden` */
async function requireNew(
  { mostBytes }: ImportContext,
  queries: Queries,
  { accountId, file }: Upload,
  hash: Buffer,
): Promise<void> {
  const same = await queries
    .selectFrom('job_images')
    .innerJoin('jobs', 'jobs.id', 'job_images.job_id')
    .select('job_id')
    .where('sha256', '=', hash)
    .where('deleted_at', 'is', null)
    .where('account_id', '=', accountId)
    .executeTakeFirst();
  if (same !== undefined) {
    throw new DomainError('conflict', `you have this picture already, in job ${same.job_id}`, { param: 'image' });
  }
  if (mostBytes === 0) throw new DomainError('forbidden', 'this server imports no pictures');
  const { bytes, count } = await queries
    .selectFrom('job_images')
    .innerJoin('jobs', 'jobs.id', 'job_images.job_id')
    .select([sql<bigint>`coalesce(sum(bytes), 0)::bigint`.as('bytes'), ({ fn }) => fn.countAll<bigint>().as('count')])
    .where('surface', '=', IMPORT_SURFACE)
    .where('account_id', '=', accountId)
    .where('deleted_at', 'is', null)
    .executeTakeFirstOrThrow();
  if (count >= MOST_IMPORTS) {
    const most = MOST_IMPORTS.toLocaleString('en');
    throw new DomainError('forbidden', `an account can have ${most} imported pictures`, {
      remedy: 'delete some first',
    });
  }
  if (Number(bytes) + file.length <= mostBytes) return;
  const message = `imported pictures may take ${megabytes(mostBytes)} MB on this server, and yours take ${megabytes(Number(bytes))} MB`;
  throw new DomainError('forbidden', message, { remedy: 'delete some first' });
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1e6);
}

/** @throws DomainError `overloaded` while pictures cannot be stored */
async function store(context: ImportContext, name: string, format: ImageFormat, file: Uint8Array): Promise<void> {
  try {
    await context.store.put(name, format, file);
  } catch (error) {
    if (!hasCode(error, 'storage_unavailable')) throw error;
    context.storage.note(error);
    throw storageAway('this server cannot store pictures at the moment', error);
  }
}

interface Checked extends Upload {
  readonly size: Size;
  readonly format: ImageFormat;
  readonly found: PictureSettings | null;
  readonly hash: Buffer;
  readonly name: string;
}

async function insertImported(context: ImportContext, queries: Queries, checked: Checked): Promise<string> {
  const { clock, retention } = context;
  const { accountId, keyId, requestId, file, format, size, found, hash, name } = checked;
  const now = clock.now();
  const id = newId(now.getTime());
  const request = requestOf(context.card(), checked);
  await insertJobs(queries, [
    {
      id,
      accountId,
      keyId,
      surface: IMPORT_SURFACE,
      request,
      price: 0n,
      priority: 0,
      virtualStart: 0n,
      store: true,
      draft: false,
      waiter: null,
      requestId,
      traceparent: null,
      createdAt: now,
    },
  ]);
  await queries
    .updateTable('jobs')
    .set({
      state: 'succeeded',
      started_at: now,
      finished_at: now,
      expires_at: new Date(now.getTime() + retention.requestsMs),
      drawn_by: storable(found?.settings.model ?? '').slice(0, 200) || null,
    })
    .where('id', '=', id)
    .execute();
  const record = {
    ...{ name, jobId: id, index: 0, format, ...size, bytes: file.length, sha256: hash, seed: request.seed },
    ...{ createdAt: now, expiresAt: new Date(now.getTime() + retention.imagesMs) },
  };
  await insertImages(queries, [record]);
  return id;
}

/** What the file tells of how the picture was made, as far as a request could say it, and the usual for all else. */
function requestOf(card: ModelCard, { size, format, found, fileName }: Checked): JobRequest {
  const { prompt, values } = valuesOf(found);
  const { width, height } = size;
  const presets = { ...card.defaults, model: IMPORTED_MODEL, width, height };
  const filled = fillRequest({ seed: 0, samples: 1, ...values, prompt: prompt ?? '' }, presets);
  const fields = [...(prompt === undefined ? [] : ['prompt']), ...Object.keys(values)];
  const imported: JobImport = {
    file_name: fileName,
    source: found?.source ?? null,
    known: fields.map((name) => wireName(name, 'api')),
  };
  return { ...filled, format, image: null, mask: null, imported };
}

/** What a request may not say is left out, so that whatever reads jobs finds in this one what it finds in others. */
function valuesOf(found: PictureSettings | null): {
  readonly prompt: string | undefined;
  readonly values: FieldValues;
} {
  const { prompt, seed, width: _, height: __, model: ___, ...settings } = found?.settings ?? {};
  const asked = {
    ...settings,
    ...(seed !== undefined && seed <= BigInt(limits.seed.max) && { seed: Number(seed) }),
    prompt: 'a',
  };
  let body: Readonly<Record<string, unknown>> = { ...writeRequest(asked) };
  for (let fault = explainInvalid(jobCreateSchema, body); fault; fault = explainInvalid(jobCreateSchema, body)) {
    const { param } = fault;
    const name = param?.split('.', 1)[0];
    // Whatever is wrong with the rest, it cannot be told by field.
    if (name === undefined || !Object.hasOwn(body, name) || name === 'prompt') body = { prompt: 'a' };
    else body = Object.fromEntries(Object.entries(body).filter(([each]) => each !== name));
  }
  const { prompt: ____, ...values } = readRequest(body, 'api');
  return { prompt: prompt === undefined ? undefined : storable(prompt), values };
}

/** PostgreSQL stores neither U+0000 nor lone surrogates. */
function storable(text: string): string {
  const whole = text.replaceAll('\0', '').toWellFormed();
  return whole.length <= MAX_PROMPT_LENGTH ? whole : [...whole].slice(0, MAX_PROMPT_LENGTH).join('');
}
