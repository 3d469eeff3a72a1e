import type { Database } from '../database/database.ts';
import type { CancelJob } from './cancel-job.ts';
import type { Jobs } from './jobs-port.ts';

export interface RevokedKeysParts {
  readonly database: Database;
  readonly jobs: Jobs;
  readonly cancelJob: Pick<CancelJob, 'cancel'>;
}

/**
 * What a revoked key leaves behind: jobs that still wait are cancelled and refunded. Those that run already finish; their pictures
 * are the account's, which may have other keys.
 */
export class RevokedKeys {
  readonly #parts: RevokedKeysParts;

  constructor(parts: RevokedKeysParts) {
    this.#parts = parts;
  }

  /** After the key was revoked, so that it brings no more of them. @returns how many */
  async cancelJobsOf(keyId: string): Promise<number> {
    const { database, jobs, cancelJob } = this.#parts;
    const waiting = await database.transaction((transaction) => jobs.queuedOfKey(transaction, keyId));
    for (const jobId of waiting) await cancelJob.cancel(null, jobId);
    return waiting.length;
  }

  /** Those of keys that were revoked by a start, or by a process that died over it. @returns how many */
  async cancelJobsLeft(signal: AbortSignal): Promise<number> {
    const { database, jobs } = this.#parts;
    const keyIds = await database.transaction((transaction) => jobs.revokedKeysWaiting(transaction));
    let cancelled = 0;
    for (const keyId of keyIds) {
      signal.throwIfAborted();
      cancelled += await this.cancelJobsOf(keyId);
    }
    return cancelled;
  }
}
