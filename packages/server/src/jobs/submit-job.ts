import { hasCode } from '@easel/errors';
import { retryDuringOutage } from '../database/away.ts';
import { DomainError } from '../domain-error.ts';
import { admitJobs, checkAdmission, type Submission, type Submitted } from './admit-jobs.ts';
import { followEnds } from './ends-of-jobs.ts';
import type { JobContext, JobRecord } from './job.ts';
import { Batches, type Outcome, type RunOptions } from './submission-batches.ts';

/** How long a submission whose commit was cut off is retried. */
const COMMIT_PATIENCE_MS = 10_000;
/** While one batch waits for its commit, the next one is read. */
const BATCHES_AT_ONCE = 2;
/** Accounts that something else has locked, whose submissions wait; those of others do not wait for them. */
const OWNERS_AT_ONCE = 3;
/** Rows of a statement; with more of them a second goes by before the first reply. */
const MOST_IN_A_BATCH = 100;

/** Accepts jobs. Those that arrive while others are being accepted share one transaction. */
export class JobSubmitter {
  readonly #context: JobContext;
  readonly #batches: Batches<Submission, Submitted>;

  constructor(context: JobContext) {
    this.#context = context;
    this.#batches = new Batches({
      run: (submissions, how) => this.#admit(submissions, how),
      ownerOf: ({ accountId }) => accountId,
      // While the database is away it would be for each of them.
      isOfOneItem: (error) => !hasCode(error, 'database_lost'),
      namesOf,
      atOnce: BATCHES_AT_ONCE,
      most: MOST_IN_A_BATCH,
      ownersAtOnce: OWNERS_AT_ONCE,
    });
  }

  /**
   * Accepts a job: reserves its price and queues it, all of it or nothing.
   *
   * @throws DomainError `unauthorized` for a key that has ended, `idempotency_mismatch`, `rate_limited` when too many jobs of the
   *   account are queued or it has too many drafts made, `insufficient_credits`, `overloaded`, or `invalid_request` for a job that would take too
   *   long, or a draft that is not made here
   */
  async submit(submission: Submission): Promise<Submitted> {
    const { startImage } = submission;
    if (startImage === null) return this.#submit(submission);
    const earlier = await this.check(submission);
    if (earlier !== null) return { job: earlier, isReplay: true, replaced: [] };
    const { startImages } = this.#context;
    const request = { ...submission.request, ...(await startImages.keep(startImage)) };
    try {
      const submitted = await this.#submit({ ...submission, request });
      if (submitted.isReplay) await startImages.removeOf({ request });
      return submitted;
    } catch (error) {
      // After any other error the job may exist, and needs its picture.
      if (error instanceof DomainError) await startImages.removeOf({ request });
      throw error;
    }
  }

  /**
   * Checks whether the job would be refused, before its picture is decoded or stored: cheap checks come first.
   *
   * @returns the earlier job with the same idempotency key; null: it would be a new one
   * @throws DomainError as `submit`
   */
  check(submission: Submission): Promise<JobRecord | null> {
    const { database } = this.#context;
    return database.transaction((queries) => checkAdmission(this.#context, queries, submission));
  }

  async #submit(submission: Submission): Promise<Submitted> {
    const submitted = await this.#batches.add(submission);
    const { job, isReplay, replaced } = submitted;
    await followEnds(this.#context, replaced);
    if (!isReplay && !job.draft) {
      this.#context.jobLog('info', 'job queued', job, { surface: job.surface, model: job.request.model });
    }
    return submitted;
  }

  /** If the connection is lost during the commit, the jobs are looked up by their ids and submitted again if they are not there. */
  #admit(submissions: readonly Submission[], { isAgain, mayWait }: RunOptions): Promise<Outcome<Submitted>[]> {
    const { database } = this.#context;
    return retryDuringOutage(
      (attempt) =>
        database.transaction((queries) =>
          admitJobs(this.#context, queries, submissions, { isAgain: isAgain || attempt > 1, mayWait }),
        ),
      { withinMs: COMMIT_PATIENCE_MS },
    );
  }
}

/** Two with the same idempotency key or id have to see each other's job, and of two drafts of a key the later one ends the earlier. */
function namesOf({ accountId, keyId, idempotency, requestId, draft }: Submission): string[] {
  return [
    ...(draft ? [`draft ${keyId}`] : []),
    ...(idempotency === null ? [] : [`key ${accountId} ${idempotency.key}`]),
    ...(requestId === null ? [] : [`id ${requestId}`]),
  ];
}
