import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Queries } from '../database/database.ts';
import { DomainError } from '../domain-error.ts';
import { cancelJob } from './ends-of-jobs.ts';
import type { JobContext } from './job.ts';

/** Several times within `SILENCE_S`. */
const HEARTBEAT_MS = 2000;
/** A server without a heartbeat for longer counts as dead, and its clients as gone. */
const SILENCE_S = 15;
/**
 * Own heartbeats in a row before others are declared dead: after an outage of the database every server was silent, and after a jump
 * of its clock every server seems to have been.
 */
const HEARTBEATS_TO_JUDGE = (SILENCE_S * 1000) / HEARTBEAT_MS;
/** Tolerated difference between the database's clock and the uptime, between two heartbeats. */
const JUMP_MS = 5000;
/** Dead servers are kept for a day. */
const MEMORY_S = 24 * 60 * 60;

interface ServerIdentity {
  /** Of one run of the server. */
  readonly id: string;
  /** Of its data folder, which only one server at a time uses: a server knows that all earlier ones of its folder are dead. */
  readonly folderId: string;
}

export interface AwaitedJobsOptions {
  readonly server: ServerIdentity;
  readonly report: (error: unknown) => void;
  /** Milliseconds on a clock that never jumps; default: since the process started. */
  readonly uptimeMs?: () => number;
}

/**
 * Publishes this server's heartbeat, and cancels jobs whose clients waited on connections of dead servers: nobody would get the
 * pictures, so nobody has to pay for them.
 */
export class AwaitedJobs {
  readonly #context: JobContext;
  readonly #options: AwaitedJobsOptions;
  readonly #stopping = new AbortController();
  /** In a row. */
  #heartbeats = 0;
  /** The last heartbeat, by the database's clock and by the uptime. */
  #last: { readonly time: Date; readonly uptimeMs: number } | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(context: JobContext, options: AwaitedJobsOptions) {
    this.#context = context;
    this.#options = options;
  }

  /** Resolves when the unfinished jobs of this folder's earlier servers have been cancelled. */
  async start(): Promise<void> {
    await this.#beat();
    this.#running = this.#keepBeating();
  }

  /** To be called when no client waits any more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    const { id } = this.#options.server;
    await this.#context.database.transaction((queries) => queries.deleteFrom('servers').where('id', '=', id).execute());
  }

  async #keepBeating(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await sleep(HEARTBEAT_MS, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      await this.#beat().catch((error: unknown) => {
        this.#heartbeats = 0;
        this.#options.report(error);
      });
    }
  }

  async #beat(): Promise<void> {
    const { database } = this.#context;
    const { server } = this.#options;
    const { abandoned, isJudge } = await database.transaction(async (queries) => {
      this.#compareClocks(await saveHeartbeat(queries, server));
      const isJudge = this.#heartbeats >= HEARTBEATS_TO_JUDGE;
      return { isJudge, abandoned: await abandonedJobs(queries, server, isJudge ? SILENCE_S : null) };
    });
    for (const jobId of abandoned) await this.#cancel(jobId);
    if (abandoned.length === 0) {
      await database.transaction((queries) => deleteDeadServers(queries, server, isJudge ? MEMORY_S : null));
    }
    this.#heartbeats += 1;
  }

  #compareClocks(time: Date): void {
    const { uptimeMs: uptime = () => performance.now() } = this.#options;
    const uptimeMs = uptime();
    const last = this.#last;
    this.#last = { time, uptimeMs };
    if (last === undefined) return;
    const jumpMs = time.getTime() - last.time.getTime() - (uptimeMs - last.uptimeMs);
    if (Math.abs(jumpMs) > JUMP_MS) this.#heartbeats = 0;
  }

  async #cancel(jobId: string): Promise<void> {
    await cancelJob(this.#context, null, jobId).catch((error: unknown) => {
      // Its record may have been deleted since it was listed.
      if (!(error instanceof DomainError && error.code === 'not_found')) throw error;
    });
  }
}

/** @returns the time of the database's clock, which is the same for all servers */
export async function saveHeartbeat(queries: Queries, { id, folderId }: ServerIdentity): Promise<Date> {
  const { rows } = await sql<{ now: Date }>`
    insert into easel.servers (id, place, seen_at) values (${id}, ${folderId}, now())
    on conflict (id) do update set seen_at = now() returning now() as now
  `.execute(queries);
  const [row] = rows;
  if (row === undefined) throw new Error('the database did not return its time');
  return row.now;
}

/**
 * Unfinished jobs whose client waited on a dead server: one that stopped, an earlier one of the same folder, or one without a
 * heartbeat for so long (null: however long).
 */
async function abandonedJobs(
  queries: Queries,
  { id, folderId }: ServerIdentity,
  silentForSeconds: number | null,
): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select job.id from easel.jobs as job left join easel.servers as server on server.id = job.waiter
    where job.waiter <> ${id} and job.state in ('queued', 'running')
      and (server.id is null or server.place = ${folderId} or server.seen_at < now() - make_interval(secs => ${silentForSeconds}))
  `.execute(queries);
  return rows.map((row) => row.id);
}

/** Earlier servers of the same folder, and those without a heartbeat for so long (null: however long). */
async function deleteDeadServers(
  queries: Queries,
  { id, folderId }: ServerIdentity,
  silentForSeconds: number | null,
): Promise<void> {
  await sql`
    delete from easel.servers
    where id <> ${id} and (place = ${folderId} or seen_at < now() - make_interval(secs => ${silentForSeconds}))
  `.execute(queries);
}
