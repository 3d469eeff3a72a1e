import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../database/database.ts';
import { DomainError } from '../domain-error.ts';
import type { CancelJob } from './cancel-job.ts';
import type { Servers } from './servers-port.ts';

/** Several times within `SILENCE_S`. */
const BEAT_MS = 2000;
/** A server that has been silent for longer is taken for dead, and so are the connections on which its clients waited. */
const SILENCE_S = 15;
/**
 * Own beats without a break before others are judged: after an outage of the database everybody has been silent, and when its clock
 * has jumped everybody seems to have been.
 */
const BEATS_TO_JUDGE = (SILENCE_S * 1000) / BEAT_MS;
/** What the database's clock may differ from the time that passed here between two beats. */
const JUMP_MS = 5000;
/** Dead servers are remembered for a day. */
const MEMORY_S = 24 * 60 * 60;

export interface AwaitedJobsParts {
  readonly database: Database;
  readonly servers: Servers;
  readonly cancelJob: Pick<CancelJob, 'cancel'>;
  readonly serverId: string;
  /** The data folder's: a server that has it knows that every earlier one is gone. */
  readonly place: string;
  readonly report: (error: unknown) => void;
}

/**
 * Tells that this server lives, and cancels jobs whose clients waited on connections of servers that do not: nobody would get the
 * pictures, and they are not to be paid for.
 */
export class AwaitedJobs {
  readonly #parts: AwaitedJobsParts;
  readonly #stopping = new AbortController();
  #beats = 0;
  /** When the last beat was, for the database and by the clock of this process that never jumps. */
  #last: { readonly time: Date; readonly at: number } | undefined;
  #beating: Promise<void> = Promise.resolve();

  constructor(parts: AwaitedJobsParts) {
    this.#parts = parts;
  }

  /** Resolves when the jobs of this folder's earlier servers have been cancelled, unless they had ended. */
  async start(): Promise<void> {
    await this.#beat();
    this.#beating = this.#keepBeating();
  }

  /** Once nobody waits any more. */
  async stop(): Promise<void> {
    const { database, servers, serverId } = this.#parts;
    this.#stopping.abort();
    await this.#beating;
    await database.transaction((transaction) => servers.remove(transaction, serverId));
  }

  async #keepBeating(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await sleep(BEAT_MS, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      await this.#beat().catch((error: unknown) => {
        this.#beats = 0;
        this.#parts.report(error);
      });
    }
  }

  async #beat(): Promise<void> {
    const { database, servers, serverId, place } = this.#parts;
    const self = { id: serverId, place };
    const { abandoned, isJudge } = await database.transaction(async (transaction) => {
      this.#noteTime(await servers.put(transaction, self));
      const isJudge = this.#beats >= BEATS_TO_JUDGE;
      return { isJudge, abandoned: await servers.abandonedJobs(transaction, self, isJudge ? SILENCE_S : null) };
    });
    for (const jobId of abandoned) await this.#cancel(jobId);
    if (abandoned.length === 0) {
      await database.transaction((transaction) => servers.removeDead(transaction, self, isJudge ? MEMORY_S : null));
    }
    this.#beats += 1;
  }

  #noteTime(time: Date): void {
    const at = performance.now();
    const last = this.#last;
    this.#last = { time, at };
    if (last === undefined) return;
    const jumpMs = time.getTime() - last.time.getTime() - (at - last.at);
    if (Math.abs(jumpMs) > JUMP_MS) this.#beats = 0;
  }

  async #cancel(jobId: string): Promise<void> {
    await this.#parts.cancelJob.cancel(null, jobId).catch((error: unknown) => {
      // Its record may have been deleted since it was listed.
      if (!(error instanceof DomainError && error.code === 'not_found')) throw error;
    });
  }
}
