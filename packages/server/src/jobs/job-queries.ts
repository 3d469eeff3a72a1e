import type { Database } from '../database/database.ts';
import { type ImageRecord, listImagesOfJobs } from '../pictures/images.ts';
import { requireJob } from './job-state.ts';
import type { JobFilter, JobRecord, Jobs } from './jobs-port.ts';
import type { Outlook, QueueOutlook } from './queue-outlook.ts';

export interface JobQueriesParts {
  readonly database: Database;
  readonly jobs: Jobs;
  readonly outlook: QueueOutlook;
}

/** A job, the pictures of it that are still kept, and how long it will take. */
export interface JobView {
  readonly job: JobRecord;
  readonly images: readonly ImageRecord[];
  /** Null once the job has ended, and in lists. */
  readonly outlook: Outlook | null;
}

export interface JobViewPage {
  readonly jobs: readonly JobView[];
  /** Where the next page begins (`before` of its filter); null: this is the last one. */
  readonly next: string | null;
}

export class JobQueries {
  readonly #parts: JobQueriesParts;

  constructor(parts: JobQueriesParts) {
    this.#parts = parts;
  }

  /**
   * @param accountId whose job it has to be; null: anybody's
   * @throws DomainError `not_found`
   */
  get(accountId: string | null, jobId: string): Promise<JobView> {
    const { database, jobs, outlook } = this.#parts;
    return database.transaction(async (transaction) => {
      const job = requireJob(await jobs.find(transaction, jobId), accountId, jobId);
      return {
        job,
        images: await listImagesOfJobs(transaction, [jobId]),
        outlook: await outlook.of(transaction, job),
      };
    });
  }

  /** Newest first. */
  list(filter: JobFilter): Promise<JobViewPage> {
    const { database, jobs } = this.#parts;
    return database.transaction(async (transaction) => {
      const found = await jobs.list(transaction, { ...filter, limit: filter.limit + 1 });
      const page = found.slice(0, filter.limit);
      const pictures = await listImagesOfJobs(
        transaction,
        page.map(({ id }) => id),
      );
      const ofJob = Map.groupBy(pictures, ({ jobId }) => jobId);
      return {
        jobs: page.map((job) => ({ job, images: ofJob.get(job.id) ?? [], outlook: null })),
        next: found.length > page.length ? (page.at(-1)?.id ?? null) : null,
      };
    });
  }

  /** @throws DomainError `not_found` */
  async setFavourite(accountId: string, jobId: string, favourite: boolean): Promise<JobView> {
    const { database, jobs } = this.#parts;
    await database.transaction(async (transaction) => {
      requireJob(await jobs.lock(transaction, jobId), accountId, jobId);
      await jobs.setFavourite(transaction, jobId, favourite);
    });
    return this.get(accountId, jobId);
  }
}
