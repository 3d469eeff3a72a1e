import type { Transaction } from './database.ts';

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
  | { readonly kind: 'succeeded' }
  | { readonly kind: 'failed' }
  | { readonly kind: 'cancelled' };

export interface StoredEvent {
  /** Grows with time. */
  readonly id: bigint;
  readonly event: JobEvent;
}

/** Whether it is the last one of its job. */
export function isFinal({ kind }: JobEvent): boolean {
  return kind === 'succeeded' || kind === 'failed' || kind === 'cancelled';
}

export interface Events {
  /** Who follows the job learns of it when the transaction is committed. */
  append(transaction: Transaction, jobId: string, event: JobEvent): Promise<void>;
  /** Those after an id, in order; 0 for all that are still kept. */
  after(transaction: Transaction, jobId: string, id: bigint): Promise<StoredEvent[]>;
  /** Tells the worker that runs the job to stop, when the transaction is committed. */
  announceCancel(transaction: Transaction, jobId: string): Promise<void>;
  /** Tells all workers that the queue was paused or resumed, when the transaction is committed. */
  announceQueue(transaction: Transaction): Promise<void>;
  /** Those of jobs that ended before this time. @returns how many */
  deleteOfJobsEndedBefore(transaction: Transaction, time: Date): Promise<number>;
}

/** Notices of one job, counted from the call that made this. */
export interface JobWatch extends Disposable {
  /** Resolves at the next notice, at once when there has been one since the last call, and after `withinMs` in any case. */
  next(options: { readonly withinMs: number; readonly signal?: AbortSignal }): Promise<void>;
}

/** News of jobs, wherever they run. A notice may be lost with a connection, so whoever waits also looks now and then. */
export interface EventBus {
  publish(jobId: string, event: JobEvent): Promise<void>;
  /** Tells that something has happened to the job, not what. */
  watch(jobId: string): JobWatch;
  /** Calls back at most once. @returns the end of the watch */
  onCancel(jobId: string, callback: () => void): Disposable;
  /** Calls back whenever the key may have been revoked or changed. @returns the end of the watch */
  onKeyChange(keyId: string, callback: () => void): Disposable;
  /** Calls back whenever the queue may have been paused or resumed. @returns the end of the watch */
  onQueueChange(callback: () => void): Disposable;
}
