import { setTimeout as sleep } from 'node:timers/promises';
import { DatabaseAway, OUTAGE_PATIENCE_MS } from '../database/away.ts';
import { leave, memberOf } from '../keys/memberships.ts';
import { EventQueue } from './event-queue.ts';
import type { EventBus, JobNews, JobProgress } from './events-port.ts';
import { type FeedReading, type FeedReadingParts, type FeedRequest, readFeed, type Wanted } from './feed-reading.ts';
import { type FollowedEvent, type Track, tellEndOf, tellTrack } from './feed-track.ts';
import type { JobView } from './job-queries.ts';
import { isEnded } from './job-state.ts';

/** How often somebody who waits is told of a change of his place; a lost notice is made up for as late. */
const LOOK_AGAIN_MS = 2000;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2000;

export interface JobFeedParts extends FeedReadingParts {
  readonly bus: Pick<EventBus, 'onNews'>;
}

/** Somebody's interest in all jobs of an account. */
interface AccountTrack {
  readonly accountId: string;
  /** The number of the last end that was told. */
  seen: bigint;
  /** Of the jobs that have not ended. */
  readonly tracks: Map<string, Track>;
  readonly queue: EventQueue<FollowedEvent>;
}

/**
 * What happens to jobs, in whichever process they run, for everybody who waits for it in this one. However many follow, one reader
 * asks the database: for what notices tell of, and every two seconds for all that is followed, as a notice can be lost. While the
 * database is away it goes on trying, for ten minutes.
 */
export class JobFeed {
  readonly #parts: JobFeedParts;
  readonly #tracks = new Map<string, Set<Track>>();
  readonly #accounts = new Map<string, Set<AccountTrack>>();
  /** What is to be read next. */
  readonly #jobsToRead = new Set<string>();
  readonly #accountsToRead = new Set<string>();
  #reading: Promise<void> | undefined;
  #wake: (() => void) | undefined;

  constructor(parts: JobFeedParts) {
    this.#parts = parts;
    parts.bus.onNews((news) => this.#hear(news));
  }

  /**
   * Everything that happens to a job from after a stored event on (0: from the beginning) to its end: its place while it waits, its
   * steps, what became of it. Events are kept for a while only; of what was missed at least the end is told.
   *
   * @throws the signal's reason, DomainError `not_found`, DatabaseAway, SlowReader
   * @example
   * for await (const { id, event } of feed.follow(jobId, 0n, signal)) send(id, event);
   */
  follow(jobId: string, afterId: bigint, signal: AbortSignal): AsyncGenerator<FollowedEvent, void, undefined> {
    return this.#followJob({ jobId, of: 'job', seen: afterId }, signal);
  }

  /**
   * Resolves when the job has ended.
   *
   * @throws the signal's reason, DomainError `not_found`, DatabaseAway
   */
  async end(jobId: string, signal: AbortSignal): Promise<JobView> {
    for await (const { event } of this.#followJob({ jobId, of: 'end', seen: null }, signal)) {
      if ('view' in event) return event.view;
    }
    throw new TypeError(`the feed ended before job ${jobId} did`);
  }

  /**
   * What happens to all jobs of an account, without end: how far those are that have not ended, the ends after a place if one is
   * given (the newest thousand), and what happens from now on. Only ends have ids; they are the places to resume after.
   *
   * @param afterId null: from now on
   * @returns the place at which it begins, and the events
   * @throws DatabaseAway; the events throw as those of `follow`
   */
  async followAccount(accountId: string, afterId: bigint | null, signal: AbortSignal): Promise<FollowedAccount> {
    const { database, events } = this.#parts;
    const now = await database.transaction((transaction) => events.placeNow(transaction, accountId));
    const place = afterId === null || afterId > now ? now : afterId;
    return { place, events: this.#followAccount(accountId, place, signal) };
  }

  async *#followAccount(accountId: string, seen: bigint, signal: AbortSignal) {
    const queue = newQueue();
    using _stop = failWith(queue, signal);
    const follower: AccountTrack = { accountId, seen, tracks: new Map(), queue };
    memberOf(this.#accounts, accountId).add(follower);
    this.#accountsToRead.add(accountId);
    this.#read();
    try {
      yield* queue;
    } finally {
      leave(this.#accounts, accountId, follower);
      for (const [jobId, track] of follower.tracks) leave(this.#tracks, jobId, track);
      this.#wake?.();
    }
  }

  async *#followJob(interest: Pick<Track, 'jobId' | 'of' | 'seen'>, signal: AbortSignal) {
    const queue = newQueue();
    using _stop = failWith(queue, signal);
    const track = { ...interest, told: undefined, queue };
    memberOf<Track>(this.#tracks, track.jobId).add(track);
    this.#jobsToRead.add(track.jobId);
    this.#read();
    try {
      yield* queue;
    } finally {
      leave(this.#tracks, track.jobId, track);
      this.#wake?.();
    }
  }

  #hear(news: JobNews | null): void {
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

  /** While anybody follows anything. */
  async #keepReading(): Promise<void> {
    let awaySince: number | undefined;
    let pauseMs = FIRST_PAUSE_MS;
    while (this.#tracks.size + this.#accounts.size > 0) {
      try {
        const asking = this.#takeAsking();
        const request = requestOf(asking);
        if (request.accounts.size + request.jobs.size > 0) this.#tell(asking, await readFeed(this.#parts, request));
        awaySince = undefined;
        pauseMs = FIRST_PAUSE_MS;
        await this.#untilNews();
      } catch (error) {
        awaySince ??= performance.now();
        const isPassing = error instanceof DatabaseAway && performance.now() - awaySince < OUTAGE_PATIENCE_MS;
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
    const slept = await sleep(LOOK_AGAIN_MS, true, { signal: woken.signal }).catch(() => false);
    this.#wake = undefined;
    if (slept) this.#wantAll();
  }

  #tell({ tracks, followers }: Asking, reading: FeedReading): void {
    for (const track of tracks) tellTrack(track, reading.progress.get(track.jobId), reading);
    const ofAccount = Map.groupBy(reading.ofAccounts, ({ accountId }) => accountId);
    for (const follower of followers) {
      for (const progress of ofAccount.get(follower.accountId) ?? []) this.#tellAccount(follower, progress, reading);
    }
  }

  /** Of jobs that have not ended the tracks tell. */
  #tellAccount(follower: AccountTrack, progress: JobProgress, reading: FeedReading): void {
    const { jobId, endedEvent } = progress;
    const track = follower.tracks.get(jobId);
    if (!isEnded(progress)) {
      if (track !== undefined) return;
      const added: Track = { jobId, of: 'account', seen: null, told: undefined, queue: follower.queue };
      follower.tracks.set(jobId, added);
      memberOf(this.#tracks, jobId).add(added);
      this.#jobsToRead.add(jobId);
      return;
    }
    if (track !== undefined) {
      follower.tracks.delete(jobId);
      leave(this.#tracks, jobId, track);
    }
    if (endedEvent === null || endedEvent <= follower.seen) return;
    follower.seen = endedEvent;
    tellEndOf(progress, endedEvent, follower.queue, reading);
  }

  #failAll(error: unknown): void {
    for (const tracks of this.#tracks.values()) for (const { queue } of tracks) queue.fail(error);
    for (const followers of this.#accounts.values()) for (const { queue } of followers) queue.fail(error);
  }
}

export interface FollowedAccount {
  readonly place: bigint;
  readonly events: AsyncIterable<FollowedEvent>;
}

/** Those for whom a reading is made: who comes while it is made has other wants. */
interface Asking {
  readonly tracks: readonly Track[];
  readonly followers: readonly AccountTrack[];
}

function requestOf({ tracks, followers }: Asking): FeedRequest {
  const accounts = new Map<string, bigint>();
  for (const { accountId, seen } of followers) accounts.set(accountId, smaller(seen, accounts.get(accountId)));
  const jobs = new Map<string, Wanted>();
  for (const { jobId, of, seen } of tracks) {
    const { after, latest, place } = jobs.get(jobId) ?? { after: null, latest: false, place: false };
    const isWatched = of !== 'end';
    jobs.set(jobId, {
      after: isWatched && seen !== null ? smaller(seen, after ?? undefined) : after,
      latest: latest || (isWatched && seen === null),
      place: place || isWatched,
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
