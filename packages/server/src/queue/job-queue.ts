import type { Transaction } from '../database/database.ts';

export interface QueueEntry {
  readonly jobId: string;
  readonly model: string;
  readonly accountId: string;
  /** Larger ones first; equal ones in the order they came. A whole number of 32 bits. */
  readonly priority: number;
  /** A run that takes longer is taken for hung and started again. 1 … 86,400. */
  readonly expireInSeconds: number;
  /** Jobs of the account that may run at the same time; null: the server's own limit. */
  readonly maxConcurrent: number | null;
}

/** A job that this process has taken from the queue. */
export interface ClaimedJob {
  readonly jobId: string;
  /** Aborted when the job is no longer this process's: taken away, expired, or to be handed back (see `HandBack`). */
  readonly signal: AbortSignal;
  /** Whether a failure of this attempt is final. */
  readonly isLastAttempt: boolean;
  /** Puts the job back for another worker, without its having used up an attempt. */
  handBack(transaction: Transaction): Promise<void>;
}

/** The reason of a signal: this process is about to end, somebody else shall do the work. */
export class HandBack extends Error {
  constructor() {
    super('the worker is about to end and hands its job back');
    this.name = 'HandBack';
  }
}

export interface Working {
  readonly model: string;
  /** Resolves: the job needs nothing more. Rejects: it is tried again, or given up after the last attempt. */
  readonly onJob: (job: ClaimedJob) => Promise<unknown>;
}

export interface JobQueue {
  enqueue(transaction: Transaction, entry: QueueEntry): Promise<void>;
  /** Whether it waits or runs; who runs it finds its signal aborted within seconds. Nothing happens when it has ended. */
  cancel(transaction: Transaction, model: string, jobId: string): Promise<void>;
  /** Of a job that waits; of any other nothing changes. */
  setPriority(transaction: Transaction, model: string, jobId: string, priority: number): Promise<void>;
  /** Which of these jobs the queue still has, waiting or running. */
  holds(transaction: Transaction, model: string, jobIds: readonly string[]): Promise<ReadonlySet<string>>;

  /** One job at a time of each model. */
  work(working: Working): Promise<void>;
  /** Called for each job that is given up, again until it resolves. */
  onGivenUp(callback: (jobId: string) => Promise<void>): Promise<void>;
  /** Takes no more jobs; those that run go on. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Whether the queue of a model answers. @throws Error that says why it does not */
  probe(model: string): Promise<void>;
  /**
   * Takes no more jobs and waits for those that run; after `drainMs` aborts them with `HandBack` and waits until they have
   * handed their jobs back. Jobs can still be taken in and cancelled.
   */
  stopWork(options: { readonly drainMs: number }): Promise<void>;
  /** Nothing can be asked of it afterwards. */
  stop(): Promise<void>;
}
