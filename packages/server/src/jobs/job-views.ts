import { type AdminJob, inWireNames, type Job, microToNumber, tellRequest } from '@easel/contract';
import type { Queries } from '../database/database.ts';
import { DomainError } from '../domain-error.ts';
import { type ImageRecord, imageReply, listImagesOfJobs } from '../pictures/images.ts';
import { deleteDeliveriesOfJob } from '../webhooks/deliveries.ts';
import { isEnded, type JobContext, type JobRecord, requireJob } from './job.ts';
import { deleteJob, findJob, type JobFilter, lockJob, selectJobs } from './jobs-table.ts';
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

/** Newest first. */
export function listJobs({ database }: Pick<ViewContext, 'database'>, filter: JobFilter): Promise<JobViewPage> {
  return database.transaction(async (queries) => {
    const found = await selectJobs(queries, { ...filter, limit: filter.limit + 1 });
    const page = found.slice(0, filter.limit);
    return {
      jobs: await withImages(queries, page),
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
  return {
    id: job.id,
    status: job.state,
    ...tellRequest({ ...job.request, prompt: job.prompt, priority: job.priority, store: job.store }),
    drawn_by: job.drawnBy,
    device: job.device,
    ...(job.arithmetic === 'float16' && { arithmetic: job.arithmetic }),
    favourite: job.favourite,
    price: microToNumber(job.price),
    created_at: job.createdAt.toISOString(),
    started_at: job.startedAt?.toISOString() ?? null,
    finished_at: job.finishedAt?.toISOString() ?? null,
    ...outlookReply(job, outlook),
    images: images.map((image) => imageReply(image, base)),
    notes: [...(job.request.notes ?? [])],
    error: errorReply(job),
  };
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
