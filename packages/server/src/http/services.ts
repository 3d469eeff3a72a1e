import type { Ready, Tariff } from '@easel/contract';
import type { PromptSyntax } from '@easel/parameters';
import type { FastifyRequest } from 'fastify';
import type { CollectionService } from '../collections/collections.ts';
import type { CreditService } from '../credits/credits.ts';
import type { Submission, Submitted } from '../jobs/admit-jobs.ts';
import type { CurrentModels } from '../jobs/current-models.ts';
import type { FollowedEvent } from '../jobs/feed-reading.ts';
import type { Upload } from '../jobs/import-picture.ts';
import type { DraftSettings, JobRecord } from '../jobs/job.ts';
import type { FollowedAccount } from '../jobs/job-feed.ts';
import type { JobView, JobViewPage, OwnPicture } from '../jobs/job-views.ts';
import type { JobFilter } from '../jobs/jobs-table.ts';
import type { Place } from '../jobs/own-queue.ts';
import type { QueueState } from '../jobs/queue-control.ts';
import type { CurrentSpeeds } from '../jobs/speed.ts';
import type { AccountService, ClosedAccount } from '../keys/accounts.ts';
import type { AuditLog } from '../keys/audit-log.ts';
import type { Caller, KeyWatch, RateLimitState } from '../keys/callers.ts';
import type { KeyService } from '../keys/keys.ts';
import type { ModelCard } from '../models/model-card.ts';
import type { ModelStore } from '../models/model-store.ts';
import type { EncoderTokens } from '../models/painter.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { ImageLibrary } from '../pictures/image-library.ts';
import type { InputPictures } from '../pictures/input-pictures.ts';
import type { Thumbnails } from '../pictures/thumbnails.ts';
import type { StyleService } from '../styles/styles.ts';
import type { WebhookService } from '../webhooks/endpoints.ts';
import type { ListedWorker } from '../workers/workers-table.ts';

/** The services that routes use. */
export interface HttpServices {
  readonly accounts: Pick<AccountService, 'create' | 'get' | 'list' | 'change' | 'reopen'> & {
    /** Closes the account, and cancels what waits. */
    close(id: string): Promise<ClosedAccount & { readonly cancelledJobs: number }>;
  };
  readonly audit: Pick<AuditLog, 'begin' | 'end' | 'list'>;
  readonly keys: Pick<KeyService, 'expiryOf' | 'create' | 'list' | 'change' | 'revoke'> & {
    /** @param address where the request came from @throws DomainError `unauthorized`, `rate_limited` after too many wrong keys */
    authenticate(text: string, address: string): Promise<Caller>;
  };
  /** Watches the key of a request that takes long. */
  watchKey(keyId: string): KeyWatch;
  /** Lets the page work without a key on the server's own machine; null where others can reach the server. */
  readonly pageSession: { callerOf(request: FastifyRequest): Promise<Caller | null> } | null;
  readonly credits: Pick<
    CreditService,
    'balance' | 'grant' | 'refund' | 'ledger' | 'usage' | 'usageReport' | 'usedThisMonth'
  >;
  /** Counts a request that creates a job. */
  countAgainstLimit(caller: Caller): Promise<RateLimitState>;
  /** Tells what is left of the rate limit; counts nothing. */
  rateLimitOf(caller: Caller): Promise<RateLimitState>;
  readonly tariff: Tariff;
  readonly drafts: DraftSettings;

  /** The models that requests may name, the default one first. */
  models(): readonly ModelCard[];
  /** The same as they run now: on which devices, and with which profiles. */
  readonly currentModels: Pick<CurrentModels, 'list' | 'of'>;
  /** How fast the engines of a model are. */
  speeds(model: string): Promise<CurrentSpeeds>;
  /** @throws DomainError `not_found` for a model that is not there */
  tokenize(model: string, text: string, syntax?: PromptSyntax): Promise<readonly EncoderTokens[]>;

  readonly styles: Pick<StyleService, 'listOwn' | 'ofRequest' | 'save' | 'remove'>;

  /** Identifies this run of the server. */
  readonly serverId: string;
  /** See `submitJob` and the others in `jobs/`. */
  submitJob(submission: Submission): Promise<Submitted>;
  checkSubmission(submission: Submission): Promise<JobRecord | null>;
  cancelJob(accountId: string | null, jobId: string): Promise<JobRecord>;
  cancelJobs(accountId: string, state: 'queued' | 'running' | undefined): Promise<number>;
  moveJob(accountId: string, jobId: string, place: Place): Promise<readonly string[]>;
  forgetJob(accountId: string, jobId: string): Promise<void>;
  readonly jobs: {
    get(accountId: string | null, jobId: string): Promise<JobView>;
    list(filter: JobFilter): Promise<JobViewPage>;
    setFavourite(accountId: string, jobId: string, favourite: boolean): Promise<JobView>;
    ofImages(accountId: string, names: readonly string[]): Promise<readonly OwnPicture[]>;
  };
  /** See `importPicture`. */
  importPicture(upload: Upload): Promise<JobView>;
  /** Resolves when the job has ended. @throws the signal's reason, or DomainError `not_found` */
  waitForJob(jobId: string, signal: AbortSignal): Promise<JobView>;
  /** The events of a job after the one with this id, until it ends. @throws the signal's reason, or DomainError `not_found` */
  followJob(jobId: string, afterId: bigint, signal: AbortSignal): AsyncIterable<FollowedEvent>;
  /** The events of all jobs of an account, after the one with this id, or from now on (null); they do not end. @throws the signal's reason */
  followAccount(accountId: string, afterId: bigint | null, signal: AbortSignal): Promise<FollowedAccount>;

  readonly collections: Pick<CollectionService, 'list' | 'create' | 'rename' | 'remove' | 'change'>;
  readonly images: Pick<ImageLibrary, 'open' | 'read' | 'describe' | 'remove'>;
  readonly thumbnails: Pick<Thumbnails, 'of'>;
  /** Reads pictures to start from, so that an unreadable one is refused before anything is charged. */
  readonly inputPictures: Pick<InputPictures, 'use'>;

  readonly webhooks: WebhookService;

  readonly queue: QueueControl;
  /** The models on this server's disk, and downloads. */
  readonly modelStore: Pick<ModelStore, 'list' | 'remove' | 'pulls' | 'start' | 'cancel'>;

  /** The workers of the last hour. */
  workers(): Promise<readonly ListedWorker[]>;

  /** Checks everything that the server needs. */
  ready(signal: AbortSignal): Promise<Ready>;
  readonly metrics: Pick<Metrics, 'text' | 'contentType'>;
}

/** The queue of all accounts and models. */
export interface QueueControl {
  state(): Promise<QueueState>;
  /** Queued jobs stay queued, running ones continue. */
  pause(): Promise<QueueState>;
  resume(): Promise<QueueState>;
}
