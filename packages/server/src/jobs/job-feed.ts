import { setTimeout as sleep } from 'node:timers/promises';
import { hasCode } from '@easel/errors';
import { LONGEST_OUTAGE_MS } from '../database/away.ts';
import { type EventBus, membersOf, removeMember } from './event-bus.ts';
import { EventQueue } from './event-queue.ts';
import {
  type FeedReading,
  type FeedRequest,
  type FollowedEvent,
  readFeed,
  sendEndOf,
  sendToTrack,
  type Track,
  type Wanted,
} from './feed-reading.ts';
import { isEnded, type JobContext } from './job.ts';
import { cursorNow, type JobNews, type JobProgress } from './job-events.ts';
import type { JobView } from './job-views.ts';

/** How often a queued job's followers learn about its position; also the longest delay after a lost notice. */
const POLL_MS = 2000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2000;

export interface JobFeedContext extends Pick<JobContext, 'database' | 'clock'> {
  readonly bus: Pick<EventBus, 'onNews'>;
}

/** One follower of all jobs of an account. */
interface AccountTrack {
  readonly accountId: string;
  /** The cursor: the id of the last final event that was sent. */
  seen: bigint;
  /** Of unfinished jobs. */
  readonly tracks: Map<string, Track>;
  readonly queue: EventQueue<FollowedEvent>;
}

/**
 * What happens to jobs, in whichever process they run, for all followers in this process. However many there are, one reader asks
 * the database: about the jobs of a notice, and every two seconds about all that are followed, because a notice can be lost. While
 * the database is away it retries, for ten minutes.
 */
export class JobFeed {
  readonly #context: JobFeedContext;
  readonly #tracks = new Map<string, Set<Track>>();
  readonly #accounts = new Map<string, Set<AccountTrack>>();
  /** To be read next. */
  readonly #jobsToRead = new Set<string>();
  readonly #accountsToRead = new Set<string>();
  #reading: Promise<void> | undefined;
  #wake: (() => void) | undefined;

  constructor(context: JobFeedContext) {
    this.#context = context;
    context.bus.onNews((news) => this.#onNews(news));
  }

  /**
   * Everything that happens to a job after a stored event (0: from the beginning) until its end: its position while it is queued,
   * its steps, its result. Events are kept for a while only; of what was missed, at least the end is sent.
   *
   * @throws the signal's reason, DomainError `not_found`, CodedError `database_lost`, SlowReader
   * @example
   * for await (const { id, event } of feed.follow(jobId, 0n, signal)) send(id, event);
   */
  follow(jobId: string, afterId: bigint, signal: AbortSignal): AsyncGenerator<FollowedEvent, void, undefined> {
    return this.#followJob({ jobId, of: 'job', seen: afterId }, signal);
  }

  /**
   * Resolves when the job has ended.
   *
   * @throws the signal's reason, DomainError `not_found`, CodedError `database_lost`
   */
  async end(jobId: string, signal: AbortSignal): Promise<JobView> {
    for await (const { event } of this.#followJob({ jobId, of: 'end', seen: null }, signal)) {
      if ('view' in event) return event.view;
    }
    throw new TypeError(`the feed ended before job ${jobId} did`);
  }

  /**
   * What happens to all jobs of an account, without end: the state of the unfinished jobs, the ends after a cursor if one is given
   * (the newest thousand), and what happens from now on. Only ends have ids, which are the cursors to resume after.
   *
   * @param afterId null: from now on
   * @returns the cursor at which it begins, and the events
   * @throws CodedError `database_lost`; the events throw as those of `follow`
   */
  async followAccount(accountId: string, afterId: bigint | null, signal: AbortSignal): Promise<FollowedAccount> {
    const now = await this.#context.database.transaction((queries) => cursorNow(queries, accountId));
    const cursor = afterId === null || afterId > now ? now : afterId;
    return { cursor, events: this.#followAccount(accountId, cursor, signal) };
  }

  async *#followAccount(accountId: string, seen: bigint, signal: AbortSignal) {
    const queue = newQueue();
    using _stop = failWith(queue, signal);
    const follower: AccountTrack = { accountId, seen, tracks: new Map(), queue };
    membersOf(this.#accounts, accountId).add(follower);
    this.#accountsToRead.add(accountId);
    this.#read();
    try {
      yield* queue;
    } finally {
      removeMember(this.#accounts, accountId, follower);
      for (const [jobId, track] of follower.tracks) removeMember(this.#tracks, jobId, track);
      this.#wake?.();
    }
  }

  async *#followJob(interest: Pick<Track, 'jobId' | 'of' | 'seen'>, signal: AbortSignal) {
    const queue = newQueue();
    using _stop = failWith(queue, signal);
    const track = { ...interest, sent: undefined, queue };
    membersOf<Track>(this.#tracks, track.jobId).add(track);
    this.#jobsToRead.add(track.jobId);
    this.#read();
    try {
      yield* queue;
    } finally {
      removeMember(this.#tracks, track.jobId, track);
      this.#wake?.();
    }
  }

  #onNews(news: JobNews | null): void {
    if (news === null) this.#wantAll();
    else {
      const { jobId, accountId, isStep } = news;
      const tracks = [...(this.#tracks.get(jobId) ?? [])];
      if (tracks.some((track) => !isStep || track.of !== 'end')) this.#jobsToRead.add(jobId);
      if (!isStep && accountId !== null && this.#accounts.has(accountId)) this.#accountsToRead.add(accountId);
    }
    if (this.#jobsToRead.size + this.#accountsToRead.size > 0) this.#read();
  }

  #wantAll(): void {
    for (const jobId of this.#tracks.keys()) this.#jobsToRead.add(jobId);
    for (const accountId of this.#accounts.keys()) this.#accountsToRead.add(accountId);
  }

  #read(): void {
    this.#wake?.();
    this.#reading ??= this.#keepReading().finally(() => {
      this.#reading = undefined;
      if (this.#jobsToRead.size + this.#accountsToRead.size > 0) this.#read();
    });
  }

  /** While there are followers. */
  async #keepReading(): Promise<void> {
    let awaySince: number | undefined;
    let pauseMs = FIRST_PAUSE_MS;
    while (this.#tracks.size + this.#accounts.size > 0) {
      try {
        const asking = this.#takeAsking();
        const request = requestOf(asking);
        if (request.accounts.size + request.jobs.size > 0) this.#send(asking, await readFeed(this.#context, request));
        awaySince = undefined;
        pauseMs = FIRST_PAUSE_MS;
        await this.#untilNews();
      } catch (error) {
        awaySince ??= performance.now();
        const isPassing = hasCode(error, 'database_lost') && performance.now() - awaySince < LONGEST_OUTAGE_MS;
        if (!isPassing) this.#failAll(error);
        await sleep(pauseMs);
        pauseMs = Math.min(LONGEST_PAUSE_MS, 2 * pauseMs);
        this.#wantAll();
      }
    }
    this.#jobsToRead.clear();
    this.#accountsToRead.clear();
  }

  #takeAsking(): Asking {
    const tracks = [...this.#jobsToRead].flatMap((jobId) => [...(this.#tracks.get(jobId) ?? [])]);
    const followers = [...this.#accountsToRead].flatMap((accountId) => [...(this.#accounts.get(accountId) ?? [])]);
    this.#jobsToRead.clear();
    this.#accountsToRead.clear();
    return { tracks, followers };
  }

  async #untilNews(): Promise<void> {
    if (this.#jobsToRead.size + this.#accountsToRead.size > 0) return;
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    const slept = await sleep(POLL_MS, true, { signal: woken.signal }).catch(() => false);
    this.#wake = undefined;
    if (slept) this.#wantAll();
  }

  #send({ tracks, followers }: Asking, reading: FeedReading): void {
    for (const track of tracks) sendToTrack(track, reading.progress.get(track.jobId), reading);
    const ofAccount = Map.groupBy(reading.ofAccounts, ({ accountId }) => accountId);
    for (const follower of followers) {
      for (const progress of ofAccount.get(follower.accountId) ?? []) this.#sendToAccount(follower, progress, reading);
    }
  }

  /** Events of unfinished jobs come from their tracks. */
  #sendToAccount(follower: AccountTrack, progress: JobProgress, reading: FeedReading): void {
    const { jobId, endedEvent } = progress;
    const track = follower.tracks.get(jobId);
    if (!isEnded(progress)) {
      if (track !== undefined) return;
      const added: Track = { jobId, of: 'account', seen: null, sent: undefined, queue: follower.queue };
      follower.tracks.set(jobId, added);
      membersOf(this.#tracks, jobId).add(added);
      this.#jobsToRead.add(jobId);
      return;
    }
    if (track !== undefined) {
      follower.tracks.delete(jobId);
      removeMember(this.#tracks, jobId, track);
    }
    if (endedEvent === null || endedEvent <= follower.seen) return;
    follower.seen = endedEvent;
    sendEndOf(progress, endedEvent, follower.queue, reading);
  }

  #failAll(error: unknown): void {
    for (const tracks of this.#tracks.values()) for (const { queue } of tracks) queue.fail(error);
    for (const followers of this.#accounts.values()) for (const { queue } of followers) queue.fail(error);
  }
}

export interface FollowedAccount {
  readonly cursor: bigint;
  readonly events: AsyncIterable<FollowedEvent>;
}

/** The followers of one read; those that come meanwhile belong to the next one. */
interface Asking {
  readonly tracks: readonly Track[];
  readonly followers: readonly AccountTrack[];
}

function requestOf({ tracks, followers }: Asking): FeedRequest {
  const accounts = new Map<string, bigint>();
  for (const { accountId, seen } of followers) accounts.set(accountId, smaller(seen, accounts.get(accountId)));
  const jobs = new Map<string, Wanted>();
  for (const { jobId, of, seen } of tracks) {
    const { after, latest, outlook } = jobs.get(jobId) ?? { after: null, latest: false, outlook: false };
    const isWatched = of !== 'end';
    jobs.set(jobId, {
      after: isWatched && seen !== null ? smaller(seen, after ?? undefined) : after,
      latest: latest || (isWatched && seen === null),
      outlook: outlook || isWatched,
    });
  }
  return { accounts, jobs };
}

function smaller(one: bigint, other: bigint | undefined): bigint {
  return other !== undefined && other < one ? other : one;
}

function newQueue(): EventQueue<FollowedEvent> {
  return new EventQueue(({ event }) => event.kind === 'step' || event.kind === 'queued');
}

function failWith(queue: EventQueue<FollowedEvent>, signal: AbortSignal): Disposable {
  const fail = () => queue.fail(signal.reason);
  if (signal.aborted) fail();
  signal.addEventListener('abort', fail, { once: true });
  return { [Symbol.dispose]: () => signal.removeEventListener('abort', fail) };
}
