import type { Database } from '../database/database.ts';
import { DomainError } from '../domain-error.ts';
import type { ImageLibrary } from '../pictures/image-library.ts';
import { isEnded, requireJob } from './job-state.ts';
import type { Jobs } from './jobs-port.ts';

export interface ForgetJobParts {
  readonly database: Database;
  readonly jobs: Jobs;
  readonly library: Pick<ImageLibrary, 'removeOf'>;
}

/** Takes a job that has ended out of its owner's history: pictures, prompt and record. What it cost stays in the ledger. */
export class ForgetJob {
  readonly #parts: ForgetJobParts;

  constructor(parts: ForgetJobParts) {
    this.#parts = parts;
  }

  /** @throws DomainError `not_found`, or `conflict` for a job that has not ended */
  async forget(accountId: string, jobId: string): Promise<void> {
    const { database, jobs, library } = this.#parts;
    const job = await database.transaction(async (transaction) =>
      requireJob(await jobs.find(transaction, jobId), accountId, jobId),
    );
    if (!isEnded(job)) {
      throw new DomainError('conflict', `job ${jobId} has not ended (it is ${job.state}); cancel it first`);
    }
    // The record is what its files are found by: when this process dies in between, it can be forgotten again.
    await library.removeOf(jobId);
    await database.transaction((transaction) => jobs.remove(transaction, jobId));
  }
}
