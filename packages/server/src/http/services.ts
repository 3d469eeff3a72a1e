import type { Ready, Size, Tariff } from '@easel/contract';
import type { FastifyRequest } from 'fastify';
import type { CreditService } from '../credits/credits.ts';
import type { CancelJob } from '../jobs/cancel-job.ts';
import type { FollowedEvent } from '../jobs/feed-track.ts';
import type { ForgetJob } from '../jobs/forget-job.ts';
import type { FollowedAccount } from '../jobs/job-feed.ts';
import type { JobQueries, JobView } from '../jobs/job-queries.ts';
import type { SubmitJob } from '../jobs/submit-job.ts';
import type { AccountService } from '../keys/accounts.ts';
import type { Caller, KeyWatch, RateLimitState } from '../keys/callers.ts';
import type { KeyService } from '../keys/keys.ts';
import type { ModelCard } from '../models/model-card.ts';
import type { EncoderTokens } from '../models/painter.ts';
import type { ImageLibrary } from '../pictures/image-library.ts';
import type { Thumbnails } from '../pictures/thumbnails.ts';
import type { WorkerRecord } from '../workers/workers-port.ts';

/** Everything that the routes need of the domain: nothing else of it is known here. */
export interface HttpServices {
  readonly accounts: Pick<AccountService, 'create' | 'get' | 'list' | 'change'>;
  readonly keys: Pick<KeyService, 'authenticate' | 'expiryOf' | 'create' | 'list' | 'change' | 'revoke'>;
  /** For requests that go on for long. */
  watchKey(keyId: string): KeyWatch;
  /** Lets the page work without a key on the server's own machine; null where others can reach the server. */
  readonly pageSession: { callerOf(request: FastifyRequest): Promise<Caller | null> } | null;
  readonly credits: Pick<CreditService, 'balance' | 'grant' | 'ledger' | 'usage' | 'usedThisMonth'>;
  /** Counts a request that creates work. */
  countAgainstLimit(caller: Caller): Promise<RateLimitState>;
  readonly tariff: Tariff;

  /** The models that requests may name, the default one first. */
  models(): readonly ModelCard[];
  /** @throws DomainError `not_found` for a model that is not there */
  tokenize(model: string, text: string): Promise<readonly EncoderTokens[]>;

  /** Of this run of the server. */
  readonly serverId: string;
  readonly submitJob: Pick<SubmitJob, 'submit' | 'consider'>;
  readonly cancelJob: Pick<CancelJob, 'cancel'>;
  readonly forgetJob: Pick<ForgetJob, 'forget'>;
  readonly jobs: Pick<JobQueries, 'get' | 'list' | 'setFavourite'>;
  /** Resolves when the job has ended. @throws the signal's reason, or DomainError `not_found` */
  waitForJob(jobId: string, signal: AbortSignal): Promise<JobView>;
  /** What happens to a job after an event, to its end. @throws the signal's reason, or DomainError `not_found` */
  followJob(jobId: string, afterId: bigint, signal: AbortSignal): AsyncIterable<FollowedEvent>;
  /** What happens to all jobs of an account after an end (null: from now on), without end. @throws the signal's reason */
  followAccount(accountId: string, afterId: bigint | null, signal: AbortSignal): Promise<FollowedAccount>;

  readonly images: Pick<ImageLibrary, 'open' | 'read' | 'remove'>;
  readonly thumbnails: Pick<Thumbnails, 'of'>;
  /** Pictures to start from, so that one that cannot be read is refused before anything is reserved. */
  readonly inputPictures: InputPictures;

  readonly queue: QueueControl;
  /** Those heard of lately. */
  workers(): Promise<readonly ListedWorker[]>;

  /** Whether everything that the server needs works. */
  ready(signal: AbortSignal): Promise<Ready>;
  readonly metrics: MetricsText;
}

export interface InputPictures {
  /**
   * Opens a picture for the time of the work.
   *
   * @throws DomainError `invalid_request` of the field `image`, or `overloaded`; the signal's reason; what the work throws
   */
  use<Result>(
    file: Uint8Array,
    options: { readonly owner: string; readonly signal: AbortSignal },
    work: (picture: InputPicture) => Promise<Result>,
  ): Promise<Result>;
}

interface InputPicture {
  /** From the header of the file. */
  readonly size: Size;
  /** Decodes all of it. @returns the PNG that a job of that size starts from @throws as `InputPictures.use` */
  fit(size: Size): Promise<Uint8Array>;
}

/** The queue of all accounts and models. */
export interface QueueControl {
  state(): Promise<QueueState>;
  /** Jobs that wait go on waiting; those that run go on running. */
  pause(): Promise<QueueState>;
  resume(): Promise<QueueState>;
}

export interface QueueState {
  readonly isPaused: boolean;
  readonly queued: number;
  readonly running: number;
  /** Jobs that may wait before requests are refused. */
  readonly capacity: number;
}

export interface ListedWorker extends WorkerRecord {
  /** Not heard of for too long. */
  readonly isLost: boolean;
}

/** The metrics of this process in Prometheus' text format. */
export interface MetricsText {
  text(): Promise<string>;
  readonly contentType: string;
}
