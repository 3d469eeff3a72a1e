import type { Queries } from '../database/database.ts';
import { DomainError } from '../domain-error.ts';
import { firstIdAt } from '../ids.ts';
import { cancelJob } from './ends-of-jobs.ts';
import type { DraftSettings, JobContext, JobRecord, JobRequest } from './job.ts';
import { jobColumns, toJobRecord, unfinishedStates } from './jobs-table.ts';
import { type CurrentSpeeds, estimatesMs } from './speed.ts';

// A draft is a job of which nothing but a small copy of its picture is left, for minutes: it has no price, no turn and no file, and is in no
// list. See ADR 21.

const WINDOW_MS = 60_000;
/** Nobody waits for one that is older: whoever types sends the next one, which replaces it. */
const LONGEST_WAIT_MS = 2 * WINDOW_MS;
/** A run that takes this many times as long as a draft may is stopped: the model had to be loaded for it, or the machine is busy. */
const PATIENCE = 5;
/** As of any run. */
const LONGEST_RUN_MS = 24 * 60 * WINDOW_MS;
/** An id is made when a request arrives, its job when the request has been checked and has waited for its account: far sooner than this. */
const ARRIVAL_MS = 60 * WINDOW_MS;

/** Why no draft is made of a request. */
export interface DraftRefusal {
  readonly reason: string;
  readonly remedy: string;
}

type DraftWork = Pick<JobRequest, 'steps' | 'width' | 'height' | 'profile'> & Partial<Pick<JobRequest, 'upscale'>>;

const otherwise = 'generate the picture itself';

/**
 * Why no draft is made of a request, as fast as the engines are now; null: one is. Any of them may get it, so the slowest decides, and where one of
 * them has not run yet, nobody knows how long it would take.
 */
export function refusalOfDraft(
  { maxSeconds, areReviewed }: DraftSettings,
  work: DraftWork,
  speeds: CurrentSpeeds,
): DraftRefusal | null {
  if (maxSeconds === 0) return { reason: 'this server makes no drafts', remedy: otherwise };
  if (areReviewed) {
    return {
      reason: 'this server reviews pictures before it shows them, and drafts are not reviewed',
      remedy: otherwise,
    };
  }
  if (work.upscale) return { reason: 'a draft is not enlarged', remedy: 'leave upscale out' };
  const estimates = estimatesMs({ ...work, samples: 1 }, speeds, work.profile);
  if (estimates === null) {
    const reason = 'how fast this model is here is not known before its first picture';
    return { reason, remedy: `try again in a minute, or ${otherwise}` };
  }
  const seconds = Math.max(...estimates) / 1000;
  if (seconds <= maxSeconds) return null;
  return {
    reason: `this would take about ${seconds.toFixed(1)} s here, and a draft may take ${maxSeconds} s`,
    remedy: 'ask for fewer steps, a smaller picture or a faster profile',
  };
}

/** @throws DomainError `invalid_request` where no draft is made of a request */
export function requireOffered(settings: DraftSettings, work: DraftWork, speeds: CurrentSpeeds): void {
  const refusal = refusalOfDraft(settings, work, speeds);
  if (refusal === null) return;
  const { reason, remedy } = refusal;
  throw new DomainError('invalid_request', `draft is not possible: ${reason}`, { remedy, param: 'draft' });
}

/** Milliseconds after which the run of a draft is stopped. */
export function longestDraftMs({ maxSeconds }: Pick<DraftSettings, 'maxSeconds'>): number {
  return Math.min(LONGEST_RUN_MS, PATIENCE * maxSeconds * 1000);
}

/** What the decision about new drafts depends on: those of their keys that have not ended, and how many their accounts had in the last minute. */
export class Drafts {
  readonly #perMinute: number;
  readonly #now: Date;
  readonly #unfinished: readonly JobRecord[];
  /** When the drafts of the last minute were taken, by account; the oldest first. */
  readonly #recent: Map<string, readonly Date[]>;

  private constructor(
    perMinute: number,
    now: Date,
    read: { readonly unfinished: readonly JobRecord[]; readonly recent: ReadonlyMap<string, readonly Date[]> },
  ) {
    this.#perMinute = perMinute;
    this.#now = now;
    this.#unfinished = read.unfinished;
    this.#recent = new Map(read.recent);
  }

  /** Locks the drafts that have not ended; their accounts are locked already. */
  static async read(
    { drafts }: Pick<JobContext, 'drafts'>,
    queries: Queries,
    applicants: readonly Pick<JobRecord, 'accountId' | 'keyId'>[],
    now: Date,
  ): Promise<Drafts> {
    const accounts = [...new Set(applicants.map(({ accountId }) => accountId))];
    if (accounts.length === 0) return new Drafts(drafts.perMinute, now, { unfinished: [], recent: new Map() });
    const unfinished = await queries
      .selectFrom('jobs')
      .select(jobColumns)
      .where('draft', '=', true)
      .where('account_id', 'in', accounts)
      .where('key_id', 'in', [...new Set(applicants.map(({ keyId }) => keyId))])
      .where('state', 'in', unfinishedStates)
      .orderBy('id')
      .forNoKeyUpdate()
      .execute();
    const since = now.getTime() - WINDOW_MS;
    // Their records are kept for longer, also of those that were cancelled. Their ids lead to their place in the index of an account's jobs.
    const recent = await queries
      .selectFrom('jobs')
      .select(['account_id', 'created_at'])
      .where('draft', '=', true)
      .where('account_id', 'in', accounts)
      .where('id', '>=', firstIdAt(since - ARRIVAL_MS))
      .where('created_at', '>', new Date(since))
      .orderBy('created_at')
      .execute();
    const times = Map.groupBy(recent, ({ account_id: accountId }) => accountId);
    return new Drafts(drafts.perMinute, now, {
      unfinished: unfinished.map(toJobRecord),
      recent: new Map([...times].map(([accountId, rows]) => [accountId, rows.map((row) => row.created_at)])),
    });
  }

  /** Drafts cost their account nothing, and the server its time. @throws DomainError `rate_limited` */
  requireFew(accountId: string): void {
    const recent = this.#recent.get(accountId) ?? [];
    const oldest = recent[recent.length - this.#perMinute];
    if (oldest === undefined) return;
    const leftMs = oldest.getTime() + WINDOW_MS - this.#now.getTime();
    const retryAfterSeconds = Math.max(1, Math.ceil(leftMs / 1000));
    const drafts = this.#perMinute === 1 ? '1 draft' : `${this.#perMinute} drafts`;
    throw new DomainError('rate_limited', `this account is limited to ${drafts} per minute`, {
      remedy: `retry in ${retryAfterSeconds} s`,
      retryAfterSeconds,
    });
  }

  take(accountId: string): void {
    this.#recent.set(accountId, [...(this.#recent.get(accountId) ?? []), this.#now]);
  }

  /** Those that new ones of these keys replace. */
  replacedBy(keyIds: readonly string[]): readonly JobRecord[] {
    return this.#unfinished.filter(({ keyId }) => keyIds.includes(keyId));
  }
}

/**
 * Cancels drafts that nobody waits for any more: those that have waited for so long behind other jobs, and those that a worker should have
 * stopped long ago.
 *
 * @returns how many
 */
export async function cancelStaleDrafts(context: JobContext, signal: AbortSignal): Promise<number> {
  const waitingSince = context.clock.now().getTime() - LONGEST_WAIT_MS;
  const runningSince = waitingSince - longestDraftMs(context.drafts);
  const stale = await context.database.transaction((queries) =>
    queries
      .selectFrom('jobs')
      .select('id')
      .where('draft', '=', true)
      .where('state', 'in', unfinishedStates)
      .where(({ eb, or }) =>
        or([
          eb('state', '=', 'queued').and('created_at', '<', new Date(waitingSince)),
          eb('started_at', '<', new Date(runningSince)),
        ]),
      )
      .execute(),
  );
  for (const { id } of stale) {
    signal.throwIfAborted();
    await cancelJob(context, null, id);
  }
  return stale.length;
}
