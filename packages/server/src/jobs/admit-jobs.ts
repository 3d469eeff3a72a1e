import { limits, priceOf } from '@easel/contract';
import { Funds, type Hold, requireHeld } from '../credits/holds.ts';
import type { Queries } from '../database/database.ts';
import { DomainError } from '../domain-error.ts';
import { newId } from '../ids.ts';
import { monthOf } from '../keys/key-months.ts';
import { lockKeys } from '../keys/key-table.ts';
import { requireUsable } from '../keys/keys.ts';
import type { StartFiles } from '../pictures/start-images.ts';
import { Places } from './admission.ts';
import { Drafts, requireOffered } from './drafts.ts';
import { cancelLocked, type JobEnded } from './ends-of-jobs.ts';
import { EarlierJobs, type Idempotency, rememberKeys } from './idempotency.ts';
import { type JobContext, type JobRecord, type JobRequest, type JobWebhook, type NewJob, requireJob } from './job.ts';
import { announceQueued } from './job-events.ts';
import { findJobs, insertJobs } from './jobs-table.ts';
import { type CurrentSpeeds, expiryOf, findSpeeds } from './speed.ts';
import type { Outcome, RunOptions } from './submission-batches.ts';
import { type AccountTurn, findAccounts, lockTurns, queuePriority, Turns } from './turns.ts';

export interface Submission {
  readonly accountId: string;
  readonly keyId: string;
  readonly surface: string;
  /** Its `image` and `mask` are filled in here. */
  readonly request: JobRequest;
  /** The files of the start picture and its mask, in the size of the request; null: text to image. */
  readonly startImage: StartFiles | null;
  readonly priority: number;
  readonly store: boolean;
  /** Absent: it is none. */
  readonly draft?: boolean;
  /** The server whose client waits on an open connection and cannot ask for the job later; null: nobody has to wait. */
  readonly waiter: string | null;
  /** The id of the request, as in the logs; also the id of the job, so that the id in the reply leads to it. */
  readonly requestId: string | null;
  /** Where the end of the job is told; absent: to the endpoints of the account only. */
  readonly webhook?: JobWebhook | null;
  /** W3C Trace Context of the request; absent: it is not traced. */
  readonly traceparent?: string | null;
  /** Null: the client sent none. */
  readonly idempotency: Idempotency | null;
}

export interface Submitted {
  readonly job: JobRecord;
  /** Whether it is the job of an earlier request with the same idempotency key. */
  readonly isReplay: boolean;
  /** Earlier drafts that end with the submission of this one; what follows their ends is still to be done. */
  readonly replaced: readonly JobEnded[];
}

type AdmittedJob = Omit<NewJob, 'virtualStart'>;

/** A job that may be queued, nothing of which is written yet. */
interface Admitted {
  readonly submission: Submission;
  readonly job: AdmittedJob;
  readonly account: AccountTurn;
  readonly expireInSeconds: number;
}

/** What came of the admitted jobs. */
interface Written {
  /** By their ids. */
  readonly jobs: ReadonlyMap<string, JobRecord>;
  /** The drafts that new ones have replaced. */
  readonly replaced: readonly JobEnded[];
}

const nothingWritten: Written = { jobs: new Map(), replaced: [] };

type Decision =
  | { readonly earlier: JobRecord }
  | { readonly admitted: Admitted }
  | { readonly refusal: unknown }
  | { readonly isLocked: true };

/**
 * Accepts jobs: reserves the price of each and queues it, or refuses it, in about as many statements as one takes. They are decided one
 * after another, as if each were a transaction of its own; no two may have the same idempotency key.
 *
 * @param how.isAgain whether an earlier attempt may have been committed: jobs with the ids of these requests are then theirs
 * @param how.mayWait whether to wait for accounts that another transaction has locked
 * @returns of each submission its job, or why it is refused; `later` for one whose account is locked, unless it may wait
 */
export async function admitJobs(
  context: JobContext,
  queries: Queries,
  submissions: readonly Submission[],
  { isAgain, mayWait }: RunOptions,
): Promise<Outcome<Submitted>[]> {
  const taken = isAgain ? await findTaken(queries, submissions) : new Map<string, JobRecord>();
  const takenBy = ({ requestId }: Submission) => (requestId === null ? undefined : taken.get(requestId));
  const asked = submissions.filter((submission) => takenBy(submission) === undefined);
  const { decisions, written } = await admitNew(context, queries, asked, mayWait);
  return submissions.map((submission) => {
    const own = takenBy(submission);
    if (own !== undefined) return { status: 'fulfilled', value: { job: own, isReplay: false, replaced: [] } };
    return outcomeOf(decisions.get(submission), written);
  });
}

async function admitNew(
  context: JobContext,
  queries: Queries,
  submissions: readonly Submission[],
  mayWait: boolean,
): Promise<{ readonly decisions: ReadonlyMap<Submission, Decision>; readonly written: Written }> {
  const decisions = new Map<Submission, Decision>();
  if (submissions.length === 0) return { decisions, written: nothingWritten };
  const admission = await Admission.open(context, queries, submissions, { mayWait });
  for (const submission of submissions) decisions.set(submission, await admission.decide(submission));
  const admitted = [...decisions.values()].flatMap((decision) => ('admitted' in decision ? [decision.admitted] : []));
  return { decisions, written: await admission.write(admitted) };
}

function outcomeOf(decision: Decision | undefined, { jobs, replaced }: Written): Outcome<Submitted> {
  if (decision === undefined) throw new Error('each submission is decided');
  if ('isLocked' in decision) return { status: 'later' };
  if ('refusal' in decision) return { status: 'rejected', reason: decision.refusal };
  if ('earlier' in decision)
    return { status: 'fulfilled', value: { job: decision.earlier, isReplay: true, replaced: [] } };
  const { id, accountId, keyId, draft } = decision.admitted.job;
  const job = requireJob(jobs.get(id) ?? null, accountId, id);
  const own = draft ? replaced.filter(({ before }) => before.keyId === keyId) : [];
  return { status: 'fulfilled', value: { job, isReplay: false, replaced: own } };
}

/**
 * Whether the job would be accepted; nothing is written.
 *
 * @returns the earlier job with the same idempotency key; null: it would be a new one
 * @throws DomainError why it would be refused
 */
export async function checkAdmission(
  context: JobContext,
  queries: Queries,
  submission: Submission,
): Promise<JobRecord | null> {
  const admission = await Admission.open(context, queries, [submission], { mayWait: true });
  const decision = await admission.decide(submission);
  if ('isLocked' in decision) throw new Error('it waits for its account');
  if ('refusal' in decision) throw decision.refusal;
  return 'earlier' in decision ? decision.earlier : null;
}

async function findTaken(
  queries: Queries,
  submissions: readonly Submission[],
): Promise<ReadonlyMap<string, JobRecord>> {
  const jobs = await findJobs(
    queries,
    submissions.flatMap(({ requestId }) => requestId ?? []),
  );
  return new Map(jobs.map((job) => [job.id, job]));
}

/** What the decision about jobs depends on, read and locked once for all of them. */
class Admission {
  readonly #context: JobContext;
  readonly #queries: Queries;
  readonly #now: Date;
  readonly #read: Awaited<ReturnType<typeof lockAndRead>>;
  readonly #speeds = new Map<string, CurrentSpeeds>();

  private constructor(
    context: JobContext,
    queries: Queries,
    { now, read }: { readonly now: Date; readonly read: Awaited<ReturnType<typeof lockAndRead>> },
  ) {
    this.#context = context;
    this.#queries = queries;
    this.#now = now;
    this.#read = read;
  }

  static async open(
    context: JobContext,
    queries: Queries,
    submissions: readonly Submission[],
    { mayWait }: Pick<RunOptions, 'mayWait'>,
  ): Promise<Admission> {
    const now = context.clock.now();
    const read = await lockAndRead(context, queries, submissions, { now, mayWait });
    return new Admission(context, queries, { now, read });
  }

  /** The next one: earlier decisions count. Nothing is written. */
  async decide(submission: Submission): Promise<Decision> {
    try {
      const { earlier, locked } = this.#read;
      if (locked.has(submission.accountId)) return { isLocked: true };
      const account = this.#requireAccount(submission);
      const known = earlier.of(submission);
      if (known !== null) return { earlier: known };
      const job = newJobOf(this.#context, submission, this.#now);
      const { request } = job;
      const speeds = await this.#speedsOf(request.model);
      const expireInSeconds = expiryOf(request, speeds, request.profile);
      if (job.draft) this.#takeDraft(job, speeds);
      else await this.#takePlace(job, account);
      return { admitted: { submission, job, account, expireInSeconds } };
    } catch (refusal) {
      // Anything else is a fault, after which nothing can be relied on.
      if (!(refusal instanceof DomainError)) throw refusal;
      return { refusal };
    }
  }

  /** @throws DomainError why it is refused */
  async #takePlace(job: AdmittedJob, account: AccountTurn): Promise<void> {
    const { turns, places, funds } = this.#read;
    const { accountId, request } = job;
    const applicant = { accountId, model: request.model };
    await places.requireOwn(applicant, account);
    const hold = holdOf(job, job.price);
    requireHeld(hold, funds.outcomeOf(hold));
    await places.requireAny(applicant);
    funds.hold(hold);
    places.take(applicant);
    turns.take({ ...job, model: request.model });
  }

  /** What is held for a draft is 0, but the picture that it is one of could be paid. @throws DomainError why it is refused */
  #takeDraft(job: AdmittedJob, speeds: CurrentSpeeds): void {
    const { drafts, tariff } = this.#context;
    const { accountId, request } = job;
    const { funds, drafts: earlier } = this.#read;
    requireOffered(drafts, request, speeds);
    earlier.requireFew(accountId);
    const hold = holdOf(job, priceOf(request, tariff));
    requireHeld(hold, funds.outcomeOf(hold));
    funds.hold(holdOf(job, job.price));
    earlier.take(accountId);
  }

  async write(admitted: readonly Admitted[]): Promise<Written> {
    if (admitted.length === 0) return nothingWritten;
    const { queue } = this.#context;
    const queries = this.#queries;
    const { turns, funds, drafts } = this.#read;
    await turns.write(queries, queue);
    await funds.write(queries);
    const placed = admitted.map(({ job, ...each }) => {
      const { accountId, request, draft } = job;
      const virtualStart = draft ? turns.nextTurnOf(accountId).start : turns.startOf({ ...job, model: request.model });
      return { ...each, job: { ...job, virtualStart } };
    });
    const jobs = placed.map(({ job }) => job);
    await insertJobs(queries, jobs);
    await rememberKeys(
      queries,
      placed.map(({ submission, job }) => ({ ...submission, job })),
    );
    await announceQueued(
      queries,
      jobs.filter(({ draft }) => !draft).map(({ id, accountId }) => ({ jobId: id, accountId })),
    );
    const entries = placed.map(({ job, account: { maxConcurrent }, expireInSeconds }) => {
      const { id: jobId, accountId, request } = job;
      const priority = queuePriority(job);
      return { jobId, model: request.model, accountId, priority, expireInSeconds, maxConcurrent };
    });
    await queue.enqueue(queries, entries);
    const ids = jobs.map(({ id }) => id);
    const written = new Map((await findJobs(queries, ids)).map((job) => [job.id, job]));
    const keys = jobs.flatMap(({ draft, keyId }) => (draft ? [keyId] : []));
    return { jobs: written, replaced: await cancelLocked(this.#context, queries, drafts.replacedBy(keys)) };
  }

  #requireAccount({ accountId, keyId }: Submission): AccountTurn {
    const account = this.#read.accounts.get(accountId);
    if (account === undefined) throw new DomainError('not_found', `there is no account ${accountId}`);
    requireUsable(this.#read.keys.get(keyId) ?? null, this.#now);
    return account;
  }

  async #speedsOf(model: string): Promise<CurrentSpeeds> {
    const speeds = this.#speeds.get(model) ?? (await findSpeeds(this.#queries, model));
    this.#speeds.set(model, speeds);
    return speeds;
  }
}

/**
 * Locks in the order of everything else that locks these rows: accounts, keys, jobs, balances; the rows of each in the order of their ids,
 * so that no two transactions wait for each other.
 */
async function lockAndRead(
  context: JobContext,
  queries: Queries,
  submissions: readonly Submission[],
  { now, mayWait }: Pick<RunOptions, 'mayWait'> & { readonly now: Date },
) {
  // The account's submissions run one after another, so two with the same idempotency key, or for its last place, see each other.
  const asked = unique(submissions.map(({ accountId }) => accountId));
  // A transaction that has one of them for long must not keep the others waiting.
  const accounts = await lockTurns(queries, asked, { skipLocked: !mayWait });
  const locked = await findAccounts(
    queries,
    asked.filter((id) => !accounts.has(id)),
  );
  const own = submissions.filter(({ accountId }) => !locked.has(accountId));
  // With a key that is being revoked, the submission is either refused here, or the revocation finds its job to cancel.
  const keys = await lockKeys(queries, unique(own.map(({ keyId }) => keyId)));
  const earlier = await EarlierJobs.find(queries, own, now);
  const drafts = await Drafts.read(
    context,
    queries,
    own.filter(({ draft }) => draft),
    now,
  );
  const ordinary = own.filter(({ draft }) => !draft);
  const turns = await Turns.read(queries, accounts, ordinary);
  const applicants = ordinary.map(({ accountId, request: { model } }) => ({ accountId, model }));
  const places = await Places.count(context, queries, applicants);
  const month = monthOf(now);
  const funds = await Funds.lock(
    queries,
    own.map(({ accountId, keyId }) => ({ accountId, keyId, month })),
  );
  return { accounts, locked, keys, earlier, drafts, turns, places, funds };
}

function newJobOf({ tariff }: Pick<JobContext, 'tariff'>, submission: Submission, createdAt: Date): AdmittedJob {
  const { startImage: _, idempotency: __, ...job } = submission;
  const { requestId, traceparent = null, draft = false } = job;
  const price = draft ? 0n : priceOf(job.request, tariff);
  // Servers of the release before let a new job take the turn of any that is queued with a lower priority.
  const priority = draft ? limits.priority.max : job.priority;
  return { ...job, id: requestId ?? newId(createdAt.getTime()), draft, priority, traceparent, price, createdAt };
}

function holdOf({ id, accountId, keyId, request, createdAt }: AdmittedJob, amount: bigint): Hold {
  const { model, samples } = request;
  return { jobId: id, accountId, keyId, model, samples, amount, month: monthOf(createdAt) };
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}
