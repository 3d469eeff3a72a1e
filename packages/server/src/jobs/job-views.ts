import {
  type AdminJob,
  defaults,
  inWireNames,
  type Job,
  microToNumber,
  seedOfSample,
  tellRequest,
} from '@easel/contract';
import { collectedImages, requireCollection } from '../collections/collections.ts';
import type { Queries } from '../database/database.ts';
import { DomainError } from '../domain-error.ts';
import { findImages, type ImageRecord, imageReply, imageUrlOf, listImagesOfJobs } from '../pictures/images.ts';
import { deleteDeliveriesOfJob } from '../webhooks/deliveries.ts';
import { isEnded, type JobContext, type JobRecord, requireJob } from './job.ts';
import { deleteJob, findJob, findJobs, type JobFilter, lockJob, selectJobs } from './jobs-table.ts';
import { type Outlook, outlookOfJob } from './outlook.ts';

/** A job, its pictures that are still kept, and how long it will take. */
export interface JobView {
  readonly job: JobRecord;
  readonly images: readonly ImageRecord[];
  /** Null once the job has ended, and in lists. */
  readonly outlook: Outlook | null;
}

export interface JobViewPage {
  readonly jobs: readonly JobView[];
  /** The next page's `before`; null: this is the last page. */
  readonly next: string | null;
}

type ViewContext = Pick<JobContext, 'database' | 'clock'>;

/**
 * @param accountId the owner; null: any account's job
 * @throws DomainError `not_found`
 */
export function getJob({ database, clock }: ViewContext, accountId: string | null, jobId: string): Promise<JobView> {
  return database.transaction(async (queries) => {
    const job = requireJob(await findJob(queries, jobId), accountId, jobId);
    return {
      job,
      images: await listImagesOfJobs(queries, [jobId]),
      outlook: await outlookOfJob(queries, clock.now(), job),
    };
  });
}

/** Newest first. Of a collection, with its pictures only. @throws DomainError `not_found` for a collection that the account does not have */
export function listJobs({ database }: Pick<ViewContext, 'database'>, filter: JobFilter): Promise<JobViewPage> {
  const { accountId, collection } = filter;
  return database.transaction(async (queries) => {
    if (collection !== undefined) await requireCollection(queries, accountId ?? '', collection);
    const found = await selectJobs(queries, { ...filter, limit: filter.limit + 1 });
    const page = found.slice(0, filter.limit);
    const views = await withImages(queries, page);
    return {
      jobs: collection === undefined ? views : await onlyCollected(queries, collection, views),
      next: found.length > page.length ? (page.at(-1)?.id ?? null) : null,
    };
  });
}

export async function withImages(queries: Queries, jobs: readonly JobRecord[]): Promise<JobView[]> {
  const images = await listImagesOfJobs(
    queries,
    jobs.map(({ id }) => id),
  );
  const ofJob = Map.groupBy(images, ({ jobId }) => jobId);
  return jobs.map((job) => ({ job, images: ofJob.get(job.id) ?? [], outlook: null }));
}

async function onlyCollected(queries: Queries, collection: string, views: readonly JobView[]): Promise<JobView[]> {
  const jobIds = views.map(({ job }) => job.id);
  const collected = await collectedImages(queries, collection, jobIds);
  return views.map((view) => ({ ...view, images: view.images.filter(({ name }) => collected.has(name)) }));
}

/** A picture of an account, and the job that it is of. */
export interface OwnPicture {
  readonly image: ImageRecord;
  readonly job: JobRecord;
}

/** In the order of the names. @throws DomainError `not_found` for a picture that the account does not have */
export function getPictures(
  { database }: Pick<ViewContext, 'database'>,
  accountId: string,
  names: readonly string[],
): Promise<OwnPicture[]> {
  return database.transaction(async (queries) => {
    const images = new Map((await findImages(queries, names)).map((image) => [image.name, image]));
    const jobs = await findJobs(queries, [...new Set([...images.values()].map(({ jobId }) => jobId))]);
    const ofAccount = new Map(jobs.filter((job) => job.accountId === accountId).map((job) => [job.id, job]));
    return names.map((name) => {
      const image = images.get(name);
      const job = image && ofAccount.get(image.jobId);
      if (image !== undefined && job !== undefined) return { image, job };
      throw new DomainError('not_found', `there is no picture ${name}, or it is no longer kept`, { param: 'images' });
    });
  });
}

/** @throws DomainError `not_found` */
export async function setFavourite(
  context: ViewContext,
  accountId: string,
  jobId: string,
  favourite: boolean,
): Promise<JobView> {
  await context.database.transaction(async (queries) => {
    requireJob(await lockJob(queries, jobId), accountId, jobId);
    await queries.updateTable('jobs').set({ favourite }).where('id', '=', jobId).execute();
  });
  return getJob(context, accountId, jobId);
}

/**
 * Deletes an ended job from its owner's history: pictures, prompt and record. Its price stays in the ledger.
 *
 * @throws DomainError `not_found`, or `conflict` for a job that has not ended
 */
export async function forgetJob(
  { database, library }: Pick<JobContext, 'database' | 'library'>,
  accountId: string,
  jobId: string,
): Promise<void> {
  const job = requireJob(await database.transaction((queries) => findJob(queries, jobId)), accountId, jobId);
  // Its record counts against the limit of drafts.
  if (job.draft)
    throw new DomainError('conflict', `job ${jobId} is a draft, which is deleted by itself within minutes`);
  if (!isEnded(job)) {
    throw new DomainError('conflict', `job ${jobId} has not ended (it is ${job.state})`, { remedy: 'cancel it first' });
  }
  // The files are found by the record: if this process dies in between, the job can be deleted again.
  await library.removeOf(jobId);
  await database.transaction(async (queries) => {
    await deleteDeliveriesOfJob(queries, jobId);
    await deleteJob(queries, jobId);
  });
}

/** A job in replies of `/api`. @param base of absolute URLs */
export function jobReply({ job, images, outlook }: JobView, base: string): Job {
  // Nobody has given a draft one.
  const priority = job.draft ? defaults.priority : job.priority;
  return {
    id: job.id,
    status: job.state,
    ...tellRequest({ ...job.request, prompt: job.prompt, priority, store: job.store }),
    drawn_by: job.drawnBy,
    device: job.request.imported === undefined ? job.device : null,
    ...(job.arithmetic === 'float16' && { arithmetic: job.arithmetic }),
    favourite: job.favourite,
    price: microToNumber(job.price),
    ...(job.refunded > 0n && { refunded: microToNumber(job.refunded) }),
    ...(job.webhook && { webhook_url: job.webhook.url }),
    ...(job.draft && { draft: true }),
    created_at: job.createdAt.toISOString(),
    started_at: job.startedAt?.toISOString() ?? null,
    finished_at: job.finishedAt?.toISOString() ?? null,
    ...outlookReply(job, outlook),
    images: images.map((image) => ({ ...imageReply(image, base), ...variationReply(job, image) })),
    ...(job.request.startedFrom && { start_image: imageUrlOf(job.request.startedFrom, base) }),
    ...(job.request.imported && { imported: job.request.imported }),
    notes: [...(job.request.notes ?? [])],
    error: errorReply(job),
  };
}

function variationReply({ request }: JobRecord, { index }: ImageRecord): Pick<Job['images'][number], 'variation_seed'> {
  // A job may be older than the field.
  const { variationSeed = null } = request;
  return variationSeed === null ? {} : { variation_seed: seedOfSample(variationSeed, index) };
}

export function adminJobReply(view: JobView, base: string): AdminJob {
  return { ...jobReply(view, base), account_id: view.job.accountId, key_id: view.job.keyId };
}

function outlookReply({ state }: JobRecord, outlook: Outlook | null): Pick<Job, 'position' | 'eta'> {
  if (outlook === null) return {};
  return {
    ...(state === 'queued' ? { position: outlook.position } : {}),
    ...(outlook.etaSeconds === null ? {} : { eta: outlook.etaSeconds }),
  };
}

function errorReply({ state, failure, request }: JobRecord): Job['error'] {
  if (failure !== null) {
    const { message } = inWireNames(failure, 'api', request.called);
    return { code: failure.code, message };
  }
  return state === 'cancelled' ? { code: 'cancelled', message: 'the job was cancelled; nothing was charged' } : null;
}
