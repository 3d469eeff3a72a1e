import type { Clock } from '../clock.ts';
import { releaseHold } from '../credits/holds.ts';
import type { Database } from '../database/database.ts';
import type { StartPictures } from '../pictures/start-pictures.ts';
import type { JobQueue } from '../queue/job-queue.ts';
import type { Events } from './events-port.ts';
import type { JobLog } from './job-log-port.ts';
import { isEnded, requireJob } from './job-state.ts';
import type { JobRecord, Jobs } from './jobs-port.ts';
import { after, type Retention } from './retention.ts';

export interface CancelJobParts {
  readonly database: Database;
  readonly jobs: Jobs;
  readonly events: Events;
  readonly queue: JobQueue;
  readonly startPictures: StartPictures;
  readonly clock: Clock;
  readonly jobLog: JobLog;
  readonly retention: Retention;
}

/**
 * Ends a job that is no longer wanted, and gives its price back. It is final at once: whatever its worker still does comes to
 * nothing, and the worker is told to stop.
 */
export class CancelJob {
  readonly #parts: CancelJobParts;

  constructor(parts: CancelJobParts) {
    this.#parts = parts;
  }

  /**
   * @param accountId whose job it has to be; null: anybody's
   * @returns the job as it is now; one that had ended before is left as it was
   * @throws DomainError `not_found`
   */
  async cancel(accountId: string | null, jobId: string): Promise<JobRecord> {
    const { database, jobs, events, queue, startPictures, clock, retention, jobLog } = this.#parts;
    const { before, now: cancelled } = await database.transaction(async (transaction) => {
      const job = requireJob(await jobs.lock(transaction, jobId), accountId, jobId);
      if (isEnded(job)) return { before: job, now: job };
      const now = clock.now();
      await jobs.cancel(transaction, { jobId, now, expiresAt: after(now, retention.requestsMs) });
      await releaseHold(transaction, jobId, now);
      await queue.cancel(transaction, job.request.model, jobId);
      await events.append(transaction, jobId, { kind: 'cancelled' });
      await events.announceCancel(transaction, jobId);
      return { before: job, now: requireJob(await jobs.find(transaction, jobId), accountId, jobId) };
    });
    if (isEnded(before)) return cancelled;
    jobLog('info', 'job cancelled, refunded', cancelled, { was: before.state });
    await startPictures.removeOf(before);
    return cancelled;
  }
}
