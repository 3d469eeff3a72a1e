import type { ErrorCode, JobStatus } from '@easel/contract';
import type { Transaction } from '../database/database.ts';
import type { JobRequest } from './job-request.ts';

export interface JobFailure {
  readonly code: ErrorCode;
  readonly message: string;
  /** The field of the request that is at fault, if it is one. */
  readonly param: string | null;
}

export interface NewJob {
  readonly id: string;
  readonly accountId: string;
  readonly keyId: string;
  /** Which surface it came by, as that surface calls itself. */
  readonly surface: string;
  readonly request: JobRequest;
  /** Micro-credits. */
  readonly price: bigint;
  /** −10 … 10; orders only the jobs of one account among themselves. */
  readonly priority: number;
  /** The start tag of fair queueing: jobs start in its order. */
  readonly virtualStart: bigint;
  /** False: prompt and pictures are not kept. */
  readonly store: boolean;
  /** The server on which its client waits, with nobody else to ask for it; null: it may be left alone. */
  readonly waiter: string | null;
  /** The request that submitted it, as the logs name it; null: unknown. */
  readonly requestId: string | null;
  readonly createdAt: Date;
}

export interface JobRecord extends NewJob {
  /** Null once it is no longer kept. */
  readonly prompt: string | null;
  readonly state: JobStatus;
  /** How often it has been started. */
  readonly attempt: number;
  readonly workerId: string | null;
  readonly favourite: boolean;
  readonly failure: JobFailure | null;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  /** Milliseconds from its arrival to its last start, and from there to its end; null before that. */
  readonly queueMs: number | null;
  readonly runMs: number | null;
  /** The real name of the model that drew its pictures, such as `easel-demo`; null until it has succeeded. */
  readonly drawnBy: string | null;
  /** When the record is deleted. */
  readonly expiresAt: Date | null;
}

/** Which jobs, newest first; what is absent does not narrow the choice. */
export interface JobFilter {
  readonly accountId?: string | undefined;
  readonly state?: JobStatus | undefined;
  readonly model?: string | undefined;
  /** Of one of its pictures. */
  readonly seed?: number | undefined;
  readonly size?: { readonly width: number; readonly height: number } | undefined;
  readonly favourite?: boolean | undefined;
  /** All of these occur in the prompt, whatever their case. */
  readonly words?: readonly string[] | undefined;
  /** Only jobs older than this one. */
  readonly before?: string | undefined;
  readonly limit: number;
}

/** Work that can be weighed with a model's speed. */
export interface WorkAmount {
  readonly jobs: number;
  /** The sum of samples × steps × megapixels. */
  readonly stepMegapixels: number;
  /** The sum of samples. */
  readonly images: number;
}

export interface Start {
  readonly jobId: string;
  readonly workerId: string;
  readonly now: Date;
}

/** The attempt that a change is meant for: one that is no longer the present one changes nothing. */
export interface Attempt {
  readonly jobId: string;
  readonly attempt: number;
}

export interface End {
  readonly jobId: string;
  /** Absent: whichever attempt is under way, or none yet. */
  readonly attempt?: number;
  readonly now: Date;
  readonly expiresAt: Date;
}

/** The place of a job among those that wait. */
export interface Place {
  readonly jobId: string;
  readonly model: string;
  readonly priority: number;
  readonly virtualStart: bigint;
}

export interface Jobs {
  insert(transaction: Transaction, job: NewJob): Promise<void>;
  find(transaction: Transaction, id: string): Promise<JobRecord | null>;
  /** Those of them that exist. */
  findAll(transaction: Transaction, ids: readonly string[]): Promise<JobRecord[]>;
  /** Also locks it until the transaction ends. */
  lock(transaction: Transaction, id: string): Promise<JobRecord | null>;
  list(transaction: Transaction, filter: JobFilter): Promise<JobRecord[]>;

  /** A new attempt. @returns the job as it is now, or null when it had ended or does not exist */
  start(transaction: Transaction, start: Start): Promise<JobRecord | null>;
  /** Back among those that wait. @returns false when the attempt is no longer the present one */
  requeue(transaction: Transaction, attempt: Attempt): Promise<boolean>;
  /** @returns false, and nothing has changed, when the attempt is no longer the present one or the job had ended */
  succeed(transaction: Transaction, end: End & { readonly drawnBy: string }): Promise<boolean>;
  /** @returns false, and nothing has changed, when the attempt is no longer the present one or the job had ended */
  fail(transaction: Transaction, end: End & { readonly failure: JobFailure }): Promise<boolean>;
  /** @returns false, and nothing has changed, when the job had ended */
  cancel(transaction: Transaction, end: End): Promise<boolean>;

  setFavourite(transaction: Transaction, id: string, favourite: boolean): Promise<boolean>;
  /** The queued jobs of one account and model, in the order in which they will start; locks them. */
  lockPlaces(transaction: Transaction, accountId: string, model: string): Promise<Place[]>;
  setVirtualStart(transaction: Transaction, id: string, virtualStart: bigint): Promise<void>;

  countQueued(transaction: Transaction, model: string): Promise<number>;
  /** Of one account, whatever the model. */
  countQueuedOf(transaction: Transaction, accountId: string): Promise<number>;
  /** Accounts that have jobs waiting for the model. */
  countWaitingAccounts(transaction: Transaction, model: string): Promise<number>;
  /** Ids of the jobs that wait and were submitted with the key, oldest first. */
  queuedOfKey(transaction: Transaction, keyId: string): Promise<string[]>;
  /** Revoked keys with which waiting jobs were submitted. */
  revokedKeysWaiting(transaction: Transaction): Promise<string[]>;
  countByState(transaction: Transaction): Promise<{ readonly queued: number; readonly running: number }>;
  /** What waits for the same model and starts before this place. */
  ahead(transaction: Transaction, place: Pick<Place, 'jobId' | 'model' | 'virtualStart'>): Promise<WorkAmount>;
  /** All that wait for a model, in the order in which they will start. */
  queue(transaction: Transaction, model: string): Promise<(WorkAmount & { readonly jobId: string })[]>;
  running(transaction: Transaction, model: string): Promise<JobRecord[]>;
  /** Jobs that have neither ended nor changed since: candidates for having been forgotten. Oldest first. */
  unfinishedSince(transaction: Transaction, before: Date, limit: number): Promise<JobRecord[]>;
  /** Deletes the record. */
  remove(transaction: Transaction, id: string): Promise<void>;
  /** Deletes the records whose time has come, pictures' rows and all. @returns how many */
  deleteExpired(transaction: Transaction, now: Date, limit: number): Promise<number>;
}
