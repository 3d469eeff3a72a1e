import { sql } from 'kysely';
import type { Queries } from '../database/database.ts';
import { DomainError } from '../domain-error.ts';
import type { JobContext } from './job.ts';
import { queuedJobs } from './jobs-table.ts';
import { secondsToNextStart } from './outlook.ts';
import { type AccountTurn, laneOf } from './turns.ts';

type AdmissionContext = Pick<JobContext, 'clock' | 'limits'>;

/** A job that asks for a place. */
export interface Applicant {
  readonly accountId: string;
  readonly model: string;
}

/** How many jobs are queued, counted once for several new ones, which take their places one after another; drafts take none. */
export class Places {
  readonly #context: AdmissionContext;
  readonly #queries: Queries;
  readonly #ofAccounts: Map<string, number>;
  readonly #ofModels: Map<string, number>;
  /** What the new jobs have taken, by account and model. */
  readonly #taken = new Map<string, number>();
  /** What refusals tell and depend on, read once for all of them. */
  readonly #waits = new Map<string, Promise<number>>();
  readonly #owns = new Map<string, Promise<number>>();
  readonly #others = new Map<string, Promise<number>>();

  private constructor(
    context: AdmissionContext,
    queries: Queries,
    counts: { readonly ofAccounts: ReadonlyMap<string, number>; readonly ofModels: ReadonlyMap<string, number> },
  ) {
    this.#context = context;
    this.#queries = queries;
    this.#ofAccounts = new Map(counts.ofAccounts);
    this.#ofModels = new Map(counts.ofModels);
  }

  static async count(context: AdmissionContext, queries: Queries, applicants: readonly Applicant[]): Promise<Places> {
    const ofAccounts = await countQueuedBy(
      queries,
      'account_id',
      new Set(applicants.map(({ accountId }) => accountId)),
    );
    const ofModels = await countQueuedBy(queries, 'model', new Set(applicants.map(({ model }) => model)));
    return new Places(context, queries, { ofAccounts, ofModels });
  }

  /** One account cannot fill the queue. @throws DomainError `rate_limited` */
  async requireOwn({ accountId, model }: Applicant, { maxQueued }: AccountTurn): Promise<void> {
    const { limits } = this.#context;
    const limit = maxQueued ?? limits.queuedPerAccount;
    const queued = this.#ofAccounts.get(accountId) ?? 0;
    if (queued < limit) return;
    throw new DomainError(
      'rate_limited',
      `this account has ${queued} jobs queued, and at most ${limit} are allowed; nothing was charged`,
      {
        remedy: 'send the next one when one of them has started, or cancel one',
        retryAfterSeconds: await this.#waitFor(model),
      },
    );
  }

  /**
   * An account with less than its share of a full queue still gets in: it is not responsible for the load.
   *
   * @throws DomainError `overloaded`
   */
  async requireAny(applicant: Applicant): Promise<void> {
    const { limits } = this.#context;
    const { model } = applicant;
    const queued = this.#ofModels.get(model) ?? 0;
    if (queued < limits.queueLength) return;
    const lane = laneOf(applicant);
    const before = await once(this.#owns, lane, () => countQueuedOf(this.#queries, applicant));
    const own = before + (this.#taken.get(lane) ?? 0);
    const others = await once(this.#others, model, () => countQueuedAccounts(this.#queries, model));
    const share = Math.floor(limits.queueLength / (own === 0 ? others + 1 : others));
    if (own < share) return;
    throw new DomainError(
      'overloaded',
      `the queue is full: ${queued} jobs are queued for ${model}, and at most ${limits.queueLength} are allowed; nothing was charged`,
      { remedy: 'try again later', retryAfterSeconds: await this.#waitFor(model) },
    );
  }

  #waitFor(model: string): Promise<number> {
    return once(this.#waits, model, () => secondsToNextStart(this.#queries, this.#context.clock.now(), model));
  }

  take(applicant: Applicant): void {
    increment(this.#ofAccounts, applicant.accountId);
    increment(this.#ofModels, applicant.model);
    increment(this.#taken, laneOf(applicant));
  }
}

function once(known: Map<string, Promise<number>>, name: string, read: () => Promise<number>): Promise<number> {
  const reading = known.get(name) ?? read();
  known.set(name, reading);
  return reading;
}

function increment(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

export async function countQueuedJobs(queries: Queries, model: string): Promise<number> {
  return (await countQueuedBy(queries, 'model', new Set([model]))).get(model) ?? 0;
}

/** Drafts do not count: no worker loads a model for one while another that has it waits. */
export async function modelsWithQueuedJobs(queries: Queries): Promise<ReadonlySet<string>> {
  const rows = await queuedJobs(queries).select('model').distinct().execute();
  return new Set(rows.map(({ model }) => model));
}

/** Of each account for all models, or of each model for all accounts; none are absent. */
async function countQueuedBy(
  queries: Queries,
  column: 'model' | 'account_id',
  values: ReadonlySet<string>,
): Promise<ReadonlyMap<string, number>> {
  if (values.size === 0) return new Map();
  const rows = await queuedJobs(queries)
    .select([sql<string>`${sql.ref(column)}`.as('name'), ({ fn }) => fn.countAll<bigint>().as('count')])
    .where(column, 'in', [...values])
    .groupBy(column)
    .execute();
  return new Map(rows.map(({ name, count }) => [name, Number(count)]));
}

/** Of one account, for one model. */
async function countQueuedOf(queries: Queries, { accountId, model }: Applicant): Promise<number> {
  const { count } = await queuedJobs(queries)
    .select(({ fn }) => fn.countAll<bigint>().as('count'))
    .where('account_id', '=', accountId)
    .where('model', '=', model)
    .executeTakeFirstOrThrow();
  return Number(count);
}

/** Accounts that have jobs queued for the model. */
async function countQueuedAccounts(queries: Queries, model: string): Promise<number> {
  const { count } = await queuedJobs(queries)
    .select(({ fn }) => fn.count<bigint>('account_id').distinct().as('count'))
    .where('model', '=', model)
    .executeTakeFirstOrThrow();
  return Number(count);
}
