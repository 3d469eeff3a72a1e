import { sql } from 'kysely';
import type { Queries } from '../database/database.ts';
import type { JobQueue } from '../queue/job-queue.ts';
import type { NewJob } from './job.ts';
import { queuedJobs } from './jobs-table.ts';

// Start-time fair queueing (Goyal, Vin, Cheng 1996): every job has a start tag in virtual time, and jobs start in its order.

/** The row of `settings` with the virtual time: the largest start tag of a started job. */
const VIRTUAL_TIME = 'virtual_time';

/** An account's state in fair queueing, and its limits. */
export interface AccountTurn {
  /** The virtual time at which its last job ends. */
  readonly virtualFinish: bigint;
  /** Jobs that may run at the same time; null: the server's default. */
  readonly maxConcurrent: number | null;
  /** Jobs that may be queued; null: the server's default. */
  readonly maxQueued: number | null;
}

/** A queued job's position in fair queueing. */
export interface QueuedJob {
  readonly jobId: string;
  readonly model: string;
  readonly priority: number;
  readonly virtualStart: bigint;
}

/**
 * §2, equation 4, with every job of the same length: a job starts at the virtual time of its submission or when the account's last
 * job ends, whichever is later. So the first job of one account does not wait for a thousand of another.
 */
export function nextTurn(
  virtualTime: bigint,
  virtualFinish: bigint,
): { readonly start: bigint; readonly finish: bigint } {
  const start = virtualTime > virtualFinish ? virtualTime : virtualFinish;
  return { start, finish: start + 1n };
}

export interface Reordered {
  /** Of the new job. */
  readonly virtualStart: bigint;
  /** The jobs that it overtakes. */
  readonly moved: readonly { readonly jobId: string; readonly virtualStart: bigint }[];
}

/**
 * Lets a new job overtake the account's own queued jobs of a lower priority: they exchange the start tags that the account has, so
 * no other account's job starts earlier or later.
 *
 * @param queued the account's queued jobs, in the order in which they will start
 */
export function overtake(
  job: { readonly priority: number; readonly virtualStart: bigint },
  queued: readonly QueuedJob[],
): Reordered {
  const first = queued.findIndex(({ priority }) => priority < job.priority);
  if (first < 0) return { virtualStart: job.virtualStart, moved: [] };
  // Not all behind it need have a lower one: a job that was queued again keeps its place.
  const overtaken = queued.slice(first).filter(({ priority }) => priority < job.priority);
  const turns = [...overtaken.map(({ virtualStart }) => virtualStart), job.virtualStart];
  const [virtualStart = job.virtualStart, ...later] = turns;
  return {
    virtualStart,
    moved: overtaken.map(({ jobId, virtualStart: own }, index) => ({ jobId, virtualStart: later[index] ?? own })),
  };
}

type NewTurn = Pick<NewJob, 'id' | 'accountId' | 'priority'> & { readonly model: string };

/**
 * Gives new jobs their start tags, one after another, and moves the queued jobs that they overtake; all of it is written by `write`. The
 * accounts' turns are locked until the transaction ends, so the jobs of one account are submitted one after another.
 */
export class Turns {
  readonly #virtualTime: bigint;
  readonly #accounts: ReadonlyMap<string, AccountTurn>;
  readonly #finishes = new Map<string, bigint>();
  /** What a new job may overtake, of each account and model in the order in which they will start: jobs in the queue, and new ones. */
  readonly #queued: Map<string, readonly QueuedJob[]>;
  /** The start tags that queued jobs had when they were read. */
  readonly #before: ReadonlyMap<string, bigint>;

  private constructor(
    virtualTime: bigint,
    accounts: ReadonlyMap<string, AccountTurn>,
    queued: readonly OwnQueuedJob[],
  ) {
    this.#virtualTime = virtualTime;
    this.#accounts = accounts;
    this.#queued = Map.groupBy(queued, laneOf);
    this.#before = new Map(queued.map(({ jobId, virtualStart }) => [jobId, virtualStart]));
  }

  /**
   * @param accounts their turns, locked
   * @param jobs those that may be submitted
   */
  static async read(
    queries: Queries,
    accounts: ReadonlyMap<string, AccountTurn>,
    jobs: readonly Pick<NewTurn, 'accountId' | 'priority'>[],
  ): Promise<Turns> {
    const queued = await lockOvertakable(queries, jobs);
    return new Turns(await findVirtualTime(queries), accounts, queued);
  }

  take({ id, accountId, priority, model }: NewTurn): void {
    const lane = laneOf({ accountId, model });
    const turn = this.nextTurnOf(accountId);
    this.#finishes.set(accountId, turn.finish);
    const queued = this.#queued.get(lane) ?? [];
    const { virtualStart, moved } = overtake({ priority, virtualStart: turn.start }, queued);
    const later = new Map(moved.map((job) => [job.jobId, job.virtualStart]));
    const all = [
      ...queued.map((job) => ({ ...job, virtualStart: later.get(job.jobId) ?? job.virtualStart })),
      { jobId: id, model, priority, virtualStart },
    ];
    this.#queued.set(
      lane,
      all.toSorted((one, other) => (one.virtualStart < other.virtualStart ? -1 : 1)),
    );
  }

  /** That of the account's next job. A draft, which takes none, has the same start tag: processes of the release before look at it. */
  nextTurnOf(accountId: string): ReturnType<typeof nextTurn> {
    const finish = this.#finishes.get(accountId) ?? this.#accounts.get(accountId)?.virtualFinish ?? 0n;
    return nextTurn(this.#virtualTime, finish);
  }

  /** Of a new job, after those that were taken since. */
  startOf({ id, accountId, model }: Pick<NewTurn, 'id' | 'accountId' | 'model'>): bigint {
    const job = this.#queued.get(laneOf({ accountId, model }))?.find(({ jobId }) => jobId === id);
    if (job === undefined) throw new Error(`job ${id} has no turn`);
    return job.virtualStart;
  }

  async write(queries: Queries, queue: JobQueue): Promise<void> {
    if (this.#finishes.size === 0) return;
    await sql`
      update easel.accounts as account set virtual_finish = turn.finish
      from unnest(${[...this.#finishes.keys()]}::uuid[], ${[...this.#finishes.values()]}::bigint[]) as turn (id, finish)
      where account.id = turn.id`.execute(queries);
    const moved = [...this.#queued.values()].flat().filter(({ jobId, virtualStart }) => {
      const before = this.#before.get(jobId);
      return before !== undefined && before !== virtualStart;
    });
    await writeTurns(queries, queue, moved);
  }
}

/** Gives queued jobs other places, and priorities that fit there. */
export async function writeTurns(queries: Queries, queue: JobQueue, jobs: readonly QueuedJob[]): Promise<void> {
  if (jobs.length === 0) return;
  await sql`
    update easel.jobs as job set virtual_start = turn.start, priority = turn.priority
    from unnest(
      ${jobs.map(({ jobId }) => jobId)}::uuid[],
      ${jobs.map(({ virtualStart }) => virtualStart)}::bigint[],
      ${jobs.map(({ priority }) => priority)}::integer[]
    ) as turn (id, start, priority)
    where job.id = turn.id`.execute(queries);
  for (const [model, own] of Map.groupBy(jobs, (job) => job.model)) {
    const priorities = own.map(({ jobId, virtualStart }) => ({
      jobId,
      priority: queuePriority({ virtualStart, draft: false }),
    }));
    await queue.setPriorities(queries, model, priorities);
  }
}

type OwnQueuedJob = QueuedJob & { readonly accountId: string };

/** The jobs of an account for one model, which change places among themselves only. */
export function laneOf({ accountId, model }: Pick<OwnQueuedJob, 'accountId' | 'model'>): string {
  return `${accountId} ${model}`;
}

/** Of a draft, in the queue: behind every other job. The smallest integer of 32 bits, to which no start tag comes. */
const DRAFT_PRIORITY = -(2 ** 31);

/** The queue takes larger priorities first, and the smallest start tag is to be first. Drafts have no turn. */
export function queuePriority({ virtualStart, draft }: Pick<NewJob, 'virtualStart' | 'draft'>): number {
  return draft ? DRAFT_PRIORITY : Number(-virtualStart);
}

/**
 * Locks the accounts' turns until the transaction ends; an account that does not exist is absent.
 *
 * @param options.skipLocked leaves out those that another transaction has locked, instead of waiting for it
 */
export async function lockTurns(
  queries: Queries,
  accountIds: readonly string[],
  { skipLocked = false }: { readonly skipLocked?: boolean } = {},
): Promise<ReadonlyMap<string, AccountTurn>> {
  const rows = await queries
    .selectFrom('accounts')
    .select(['id', 'virtual_finish', 'max_concurrent', 'max_queued'])
    .where('id', 'in', accountIds)
    // In one order, so that two transactions that need some of the same do not deadlock.
    .orderBy('id')
    // Not the strongest lock: others may still write rows that refer to the account, and may hold what this waits for.
    .forNoKeyUpdate()
    .$if(skipLocked, (query) => query.skipLocked())
    .execute();
  return new Map(
    rows.map(({ id, virtual_finish: virtualFinish, max_concurrent: maxConcurrent, max_queued: maxQueued }) => [
      id,
      { virtualFinish, maxConcurrent, maxQueued },
    ]),
  );
}

/** Those of the accounts that exist. */
export async function findAccounts(queries: Queries, ids: readonly string[]): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set();
  const rows = await queries.selectFrom('accounts').select('id').where('id', 'in', ids).execute();
  return new Set(rows.map(({ id }) => id));
}

/** The queued jobs that one of the new ones may overtake, in the order in which they will start; locks them. */
async function lockOvertakable(
  queries: Queries,
  jobs: readonly Pick<NewTurn, 'accountId' | 'priority'>[],
): Promise<OwnQueuedJob[]> {
  if (jobs.length === 0) return [];
  const highest = Math.max(...jobs.map(({ priority }) => priority));
  const rows = await queuedJobs(queries)
    .select(['id', 'account_id', 'model', 'priority', 'virtual_start'])
    .where('account_id', 'in', [...new Set(jobs.map(({ accountId }) => accountId))])
    .where('priority', '<', highest)
    .orderBy('virtual_start')
    .orderBy('id')
    .forNoKeyUpdate()
    .execute();
  return rows.map(({ id, account_id: accountId, model, priority, virtual_start: virtualStart }) => ({
    jobId: id,
    accountId,
    model,
    priority,
    virtualStart,
  }));
}

/** The queued jobs of one account and model, in the order in which they will start; locks them. */
export async function lockQueuedJobs(queries: Queries, accountId: string, model: string): Promise<QueuedJob[]> {
  const rows = await queuedJobs(queries)
    .select(['id', 'priority', 'virtual_start'])
    .where('account_id', '=', accountId)
    .where('model', '=', model)
    .orderBy('virtual_start')
    .orderBy('id')
    .forNoKeyUpdate()
    .execute();
  return rows.map(({ id, priority, virtual_start }) => ({ jobId: id, model, priority, virtualStart: virtual_start }));
}

async function findVirtualTime(queries: Queries): Promise<bigint> {
  const row = await queries
    .selectFrom('settings')
    .select(sql<bigint>`(value #>> '{}')::bigint`.as('time'))
    .where('name', '=', VIRTUAL_TIME)
    .executeTakeFirst();
  return row?.time ?? 0n;
}

/**
 * The earliest start tag of a job that starts and of the account's queued ones. A job that was moved behind others after a worker had taken it starts
 * nevertheless, and its tag would let virtual time jump over those of other accounts.
 */
export async function earliestStart(
  queries: Queries,
  { accountId, virtualStart, request: { model } }: Pick<NewJob, 'accountId' | 'virtualStart' | 'request'>,
): Promise<bigint> {
  const row = await queuedJobs(queries)
    .select(({ fn }) => fn.min<bigint | null>('virtual_start').as('first'))
    .where('account_id', '=', accountId)
    .where('model', '=', model)
    .executeTakeFirst();
  const first = row?.first ?? virtualStart;
  return first < virtualStart ? first : virtualStart;
}

/** A job with this start tag is started. Virtual time never goes back. */
export async function advanceVirtualTime(queries: Queries, virtualStart: bigint): Promise<void> {
  const later = sql<string>`to_jsonb(greatest((settings.value #>> '{}')::bigint, ${virtualStart}::bigint))`;
  await queries
    .insertInto('settings')
    .values({ name: VIRTUAL_TIME, value: virtualStart.toString() })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value: later }))
    .execute();
}
