import type {
  ArithmeticName,
  CalledNames,
  DeviceName,
  ErrorCode,
  FilledRequest,
  JobImport,
  JobNote,
  JobStatus,
  StyleTexts,
  Tariff,
} from '@easel/contract';
import type { Clock } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { DomainError } from '../domain-error.ts';
import type { Logger } from '../observability/logger.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { Tracer } from '../observability/tracing.ts';
import type { ImageLibrary } from '../pictures/image-library.ts';
import type { StartImages } from '../pictures/start-images.ts';
import type { JobQueue } from '../queue/job-queue.ts';

/**
 * What to make, with every default filled in: the same for every surface, and for a retry. The seed is already drawn where −1 was
 * sent, so a retry makes the same picture; `image` and `mask` are names in the image store, see `StartImages`.
 */
export type JobRequest = FilledRequest & {
  /** Other names of its fields that the client used; absent: none. */
  readonly called?: CalledNames;
  /** What the style that it names stood for when it was submitted; absent: it names none. */
  readonly styleTexts?: StyleTexts;
  /** What its client may not expect; absent: nothing. Quotes the prompt, and is kept as long. */
  readonly notes?: readonly JobNote[];
  /** The name of the picture of this server that it starts from; absent: none, or a file. */
  readonly startedFrom?: string;
  /** Of a picture that was not made here; absent: it was. */
  readonly imported?: JobImport;
};

export interface JobFailure {
  readonly code: ErrorCode;
  readonly message: string;
  /** The field of the request that caused it, if one did. */
  readonly param: string | null;
}

/** An address of the job's own for its webhook. */
export interface JobWebhook {
  readonly url: string;
  /** Where the addresses of pictures begin. */
  readonly baseUrl: string;
}

export interface NewJob {
  readonly id: string;
  readonly accountId: string;
  readonly keyId: string;
  /** The surface that it was submitted to, by its own name. */
  readonly surface: string;
  readonly request: JobRequest;
  /** Micro-credits. */
  readonly price: bigint;
  /** −10 … 10; orders the jobs of one account among themselves. */
  readonly priority: number;
  /** The start tag of fair queueing: jobs start in its order. */
  readonly virtualStart: bigint;
  /** False: prompt and pictures are not kept. */
  readonly store: boolean;
  /** See `drafts.ts`. */
  readonly draft: boolean;
  /** The server whose client waits on an open connection and cannot ask for the job later; null: nobody has to wait. */
  readonly waiter: string | null;
  /** The id of the request that submitted it, as in the logs; null: unknown. */
  readonly requestId: string | null;
  /** Where its end is told besides the endpoints of its account; absent: nowhere. */
  readonly webhook?: JobWebhook | null;
  /** W3C Trace Context of that request; null: it is not traced. */
  readonly traceparent: string | null;
  readonly createdAt: Date;
}

export interface JobRecord extends NewJob {
  /** Null once it is no longer kept. */
  readonly prompt: string | null;
  readonly state: JobStatus;
  /** How often it was started. */
  readonly attempt: number;
  readonly workerId: string | null;
  readonly favourite: boolean;
  readonly failure: JobFailure | null;
  /** What an administrator gave back of what it was charged; micro-credits. */
  readonly refunded: bigint;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  /** Milliseconds from submission to the last start, and from there to the end; null before that. */
  readonly queueMs: number | null;
  readonly runMs: number | null;
  /** The real name of the model that made its pictures, such as `easel-demo`; null until it has succeeded. */
  readonly drawnBy: string | null;
  /** What it was drawn on, and in which precision; null until it has succeeded. */
  readonly device: DeviceName | null;
  readonly arithmetic: ArithmeticName | null;
  /** When the record is deleted. */
  readonly expiresAt: Date | null;
}

/** Whether the job is in a final state. */
export function isEnded({ state }: Pick<JobRecord, 'state'>): boolean {
  return state === 'succeeded' || state === 'failed' || state === 'cancelled';
}

/**
 * The job, if it belongs to this account; another account's job does not exist for it.
 *
 * @param accountId null: any account's
 * @throws DomainError `not_found`
 */
export function requireJob(job: JobRecord | null, accountId: string | null, jobId: string): JobRecord {
  if (job !== null && (accountId === null || job.accountId === accountId)) return job;
  throw jobNotFound(jobId);
}

export function jobNotFound(jobId: string): DomainError {
  return new DomainError('not_found', `there is no job ${jobId}, or its record is no longer kept`);
}

/** How long things are kept, in milliseconds after the end of the job. */
export interface Retention {
  readonly imagesMs: number;
  /** Records of jobs. */
  readonly requestsMs: number;
  /** Pictures that are deleted on delivery and were never delivered. */
  readonly undeliveredMs: number;
}

/** Identifies the job of a log line: its id, the key and the request that submitted it. Never its prompt. */
export type LoggedJob = Pick<JobRecord, 'id' | 'keyId' | 'requestId'>;

/** Further fields of a log line. `err` is an error; nothing of a request or a picture belongs here. */
export interface JobDetails {
  readonly err?: unknown;
  readonly [name: string]: unknown;
}

/** Writes one log line about a job. */
export type JobLog = (level: 'info' | 'warn' | 'error', message: string, job: LoggedJob, details?: JobDetails) => void;

/** Every log line about a job has its `jobId`, and the `keyId` and `requestId` of the request that submitted it. */
export function createJobLog(log: Logger): JobLog {
  return (level, message, { id, keyId, requestId }, details = {}) => {
    log[level]({ jobId: id, keyId, ...(requestId !== null && { requestId }), ...details }, message);
  };
}

/** What the functions about jobs work with; one for each process. */
export interface JobContext {
  readonly database: Pick<Database, 'transaction'>;
  readonly queue: JobQueue;
  readonly startImages: StartImages;
  readonly library: Pick<ImageLibrary, 'removeOf'>;
  readonly clock: Clock;
  readonly tariff: Tariff;
  readonly limits: JobLimits;
  readonly drafts: DraftSettings;
  readonly retention: Retention;
  /** Where addresses in webhooks begin; null: where the request for the webhook came to. */
  readonly publicUrl: string | null;
  readonly jobLog: JobLog;
  readonly metrics: Pick<Metrics, 'jobEnded' | 'draftEnded' | 'stepsDone'>;
  readonly tracer: Tracer;
}

export interface JobLimits {
  /** Queued jobs of one model. */
  readonly queueLength: number;
  /** Queued jobs of one account, for accounts without a limit of their own. */
  readonly queuedPerAccount: number;
}

/** Which drafts are made, see `drafts.ts`. */
export interface DraftSettings {
  /** What one is expected to take at most, on the slowest engine; 0: none are made. */
  readonly maxSeconds: number;
  /** Of one account. */
  readonly perMinute: number;
  /** Whether pictures are reviewed before they are shown, as drafts are not. */
  readonly areReviewed: boolean;
}
