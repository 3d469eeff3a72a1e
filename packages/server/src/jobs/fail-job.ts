import type { Clock } from '../clock.ts';
import { releaseHold } from '../credits/holds.ts';
import type { Database } from '../database/database.ts';
import type { StartPictures } from '../pictures/start-pictures.ts';
import type { Events } from './events-port.ts';
import type { JobLog } from './job-log-port.ts';
import type { JobFailure, Jobs } from './jobs-port.ts';
import { after, type Retention } from './retention.ts';

export interface FailJobParts {
  readonly database: Database;
  readonly jobs: Jobs;
  readonly events: Events;
  readonly startPictures: StartPictures;
  readonly clock: Clock;
  readonly jobLog: JobLog;
  readonly retention: Retention;
}

export interface Failing {
  readonly jobId: string;
  /** Absent: whichever is under way. */
  readonly attempt?: number;
  readonly failure: JobFailure;
  /** What it failed with, for the log. */
  readonly error?: unknown;
}

/** What a job that was given up after several attempts is told. */
export const givenUp: JobFailure = {
  code: 'server_error',
  message: 'the run failed in every attempt; nothing was charged; try again later',
  param: null,
};

/** Ends a job that came to nothing, and gives its price back. */
export class FailJob {
  readonly #parts: FailJobParts;

  constructor(parts: FailJobParts) {
    this.#parts = parts;
  }

  /** @returns false, and nothing has changed, when the job had ended or the attempt is no longer the present one */
  async fail({ failure, error, ...which }: Failing): Promise<boolean> {
    const { database, jobs, events, startPictures, clock, retention, jobLog } = this.#parts;
    const failed = await database.transaction(async (transaction) => {
      const now = clock.now();
      const job = await jobs.lock(transaction, which.jobId);
      const end = { ...which, now, expiresAt: after(now, retention.requestsMs) };
      if (!(await jobs.fail(transaction, { ...end, failure }))) return null;
      await releaseHold(transaction, which.jobId, now);
      await events.append(transaction, which.jobId, { kind: 'failed' });
      return job;
    });
    if (failed === null) return false;
    const { code } = failure;
    if (code === 'content_rejected') jobLog('info', 'job refused by the review, refunded', failed, { code });
    else if (code === 'server_error') jobLog('error', 'job failed, refunded', failed, { code, err: error });
    else jobLog('info', 'job failed, refunded', failed, { code });
    await startPictures.removeOf(failed);
    return true;
  }

  /** @returns false when it had ended */
  giveUp(jobId: string): Promise<boolean> {
    return this.fail({ jobId, failure: givenUp });
  }
}
