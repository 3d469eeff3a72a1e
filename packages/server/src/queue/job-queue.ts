import type { Queries } from '../database/database.ts';

export interface QueueEntry {
  readonly jobId: string;
  readonly model: string;
  readonly accountId: string;
  /** Larger ones first; equal ones in order of arrival. A 32-bit integer. */
  readonly priority: number;
  /** A run that takes longer counts as hung and is retried. 1 … 86,400. */
  readonly expireInSeconds: number;
  /** Jobs of the account that may run at the same time; null: the server's default. */
  readonly maxConcurrent: number | null;
}

export interface EntryPriority {
  readonly jobId: string;
  /** As in `QueueEntry`. */
  readonly priority: number;
}

/** A job that this process has taken from the queue. */
export interface ClaimedJob {
  readonly jobId: string;
  /** Aborted when the job is no longer this process's: cancelled, expired, or to be handed back (see `HandBack`). */
  readonly signal: AbortSignal;
  /** Whether a failure of this attempt is final. */
  readonly isLastAttempt: boolean;
  /** Puts the job back for another worker, without counting an attempt. */
  handBack(queries: Queries): Promise<void>;
}

/** The reason of an abort: this process is stopping, another worker should run the job. */
export class HandBack extends Error {
  constructor() {
    super('the worker is stopping and hands its job back');
    this.name = 'HandBack';
  }
}

export interface Working {
  readonly model: string;
  /** Resolves: the job is done. Rejects: it is retried, or given up after the last attempt. */
  readonly onJob: (job: ClaimedJob) => Promise<unknown>;
}

export interface JobQueue {
  enqueue(queries: Queries, entries: readonly QueueEntry[]): Promise<void>;
  /** A queued or running job; the worker that runs it sees its signal aborted within seconds. No effect on an ended job. */
  cancel(queries: Queries, model: string, jobId: string): Promise<void>;
  /** Of jobs of one model; no effect on those that are not queued. All at once: an account may have a thousand. */
  setPriorities(queries: Queries, model: string, jobs: readonly EntryPriority[]): Promise<void>;
  /** Which of these jobs are still in the queue, queued or running. */
  contains(queries: Queries, model: string, jobIds: readonly string[]): Promise<ReadonlySet<string>>;

  /** Starts running jobs of a model, one at a time; called again, one more at a time. */
  work(working: Working): Promise<void>;
  /** Called for each job without attempts left, repeatedly until it resolves. */
  onGivenUp(callback: (jobId: string) => Promise<void>): Promise<void>;
  /** Takes no more jobs; running ones continue. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Leaves new jobs of a model to others, or takes them again; running ones continue. */
  hold(model: string, isHeld: boolean): Promise<void>;
  /** Whether the queue of a model answers. @throws Error that says why it does not */
  probe(model: string): Promise<void>;
  /**
   * Takes no more jobs and waits for the running ones; after `drainMs` aborts them with `HandBack` and waits until they are
   * handed back. Jobs can still be enqueued and cancelled.
   */
  stopWork(options: { readonly drainMs: number }): Promise<void>;
  /** Unusable afterwards. */
  stop(): Promise<void>;
}
