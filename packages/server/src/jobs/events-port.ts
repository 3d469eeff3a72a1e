import type { JobStatus } from '@easel/contract';
import type { Transaction } from '../database/database.ts';

/** What happens to a job, as it is published. The last three end it; what became of it is in its record. */
export type JobEvent =
  | { readonly kind: 'started'; readonly startedAt: Date }
  | {
      readonly kind: 'step';
      /** 1 … total, over all samples. */
      readonly index: number;
      readonly total: number;
      /** The noise level that the step started from. */
      readonly sigma: number;
      readonly etaSeconds: number;
      /** The picture so far, a small JPEG file. */
      readonly preview: Uint8Array | null;
    }
  | FinalEvent;

export interface FinalEvent {
  readonly kind: 'succeeded' | 'failed' | 'cancelled';
}

export interface StoredEvent {
  readonly jobId: string;
  /** Grows with time. */
  readonly id: bigint;
  readonly event: JobEvent;
}

/** How far a job is. */
export interface JobProgress {
  readonly jobId: string;
  readonly accountId: string;
  readonly model: string;
  readonly state: JobStatus;
  /** The number of its final event; null before the end, and for jobs that ended before such numbers were kept. */
  readonly endedEvent: bigint | null;
}

/** Whether it is the last one of its job. */
export function isFinal(event: JobEvent): event is FinalEvent {
  return event.kind === 'succeeded' || event.kind === 'failed' || event.kind === 'cancelled';
}

export interface Events {
  /**
   * Who follows the job learns of it when the transaction is committed. A final event has to be the last thing that its
   * transaction locks: from here on the account's other ends wait, so that their numbers grow in the order of their commits.
   */
  append(transaction: Transaction, jobId: string, event: JobEvent): Promise<void>;
  /** Tells who follows the account that it has a new job, when the transaction is committed. */
  announceQueued(transaction: Transaction, jobId: string, accountId: string): Promise<void>;
  /** Of each job those after an id, in order; 0 for all that are still kept. */
  after(transaction: Transaction, places: ReadonlyMap<string, bigint>): Promise<StoredEvent[]>;
  /** Of each job the latest one of each kind, in order. */
  latest(transaction: Transaction, jobIds: readonly string[]): Promise<StoredEvent[]>;
  /** Jobs that are not there are absent. */
  progressOf(transaction: Transaction, jobIds: readonly string[]): Promise<JobProgress[]>;
  /**
   * Of each account the jobs that have not ended, and those that ended after its place: the newest of them when there are more
   * than `limit`.
   */
  progressOfAccounts(
    transaction: Transaction,
    places: ReadonlyMap<string, bigint>,
    limit: number,
  ): Promise<JobProgress[]>;
  /** A place after all of the account's ends so far and before all that come. */
  placeNow(transaction: Transaction, accountId: string): Promise<bigint>;
  /** Tells the worker that runs the job to stop, when the transaction is committed. */
  announceCancel(transaction: Transaction, jobId: string): Promise<void>;
  /** Tells all workers that the queue was paused or resumed, when the transaction is committed. */
  announceQueue(transaction: Transaction): Promise<void>;
  /** Those of jobs that ended before this time. @returns how many */
  deleteOfJobsEndedBefore(transaction: Transaction, time: Date): Promise<number>;
}

/** That something has happened to a job, not what. */
export interface JobNews {
  readonly jobId: string;
  /** Null when a process of an earlier release has told it. */
  readonly accountId: string | null;
  /** Whether it was only a step. */
  readonly isStep: boolean;
}

/** News of jobs, wherever they run. A notice may be lost with a connection, so whoever waits also looks now and then. */
export interface EventBus {
  publish(jobId: string, event: JobEvent): Promise<void>;
  /** Calls back for all that happens to any job; with null when notices may have been lost. @returns the end of it */
  onNews(callback: (news: JobNews | null) => void): Disposable;
  /** Calls back at most once. @returns the end of the watch */
  onCancel(jobId: string, callback: () => void): Disposable;
  /** Calls back whenever the key may have been revoked or changed. @returns the end of the watch */
  onKeyChange(keyId: string, callback: () => void): Disposable;
  /** Calls back whenever the queue may have been paused or resumed. @returns the end of the watch */
  onQueueChange(callback: () => void): Disposable;
}
