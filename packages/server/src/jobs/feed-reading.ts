import type { Queries } from '../database/database.ts';
import type { EventQueue } from './event-queue.ts';
import { isEnded, type JobContext, jobNotFound } from './job.ts';
import {
  eventsAfter,
  type FinalEvent,
  isFinal,
  type JobEvent,
  type JobProgress,
  latestEvents,
  progressOfAccounts,
  progressOfJobs,
  type StoredEvent,
} from './job-events.ts';
import { type JobView, withImages } from './job-views.ts';
import { findJobs } from './jobs-table.ts';
import { type Outlook, outlooksOfQueue } from './outlook.ts';

/** Ends of one account in one read. */
const MOST_ENDS = 1000;

/** What to read about a job. */
export interface Wanted {
  /** Its events after this one; null: none. */
  readonly after: bigint | null;
  /** The latest event of each kind. */
  readonly latest: boolean;
  /** Its outlook, while it is queued. */
  readonly outlook: boolean;
}

export interface FeedRequest {
  /** By account, the cursor. */
  readonly accounts: ReadonlyMap<string, bigint>;
  readonly jobs: ReadonlyMap<string, Wanted>;
}

/** The maps are by the jobs' ids. */
export interface FeedReading {
  /** The unfinished jobs, then the ended ones in the order of their final events. */
  readonly ofAccounts: readonly JobProgress[];
  readonly progress: ReadonlyMap<string, JobProgress>;
  readonly events: ReadonlyMap<string, readonly StoredEvent[]>;
  readonly latest: ReadonlyMap<string, readonly StoredEvent[]>;
  readonly outlooks: ReadonlyMap<string, Outlook>;
  /** Of ended jobs. */
  readonly views: ReadonlyMap<string, JobView>;
}

/** One read for all followers: a few queries, however many jobs and followers there are. */
export function readFeed(
  { database, clock }: Pick<JobContext, 'database' | 'clock'>,
  { accounts, jobs }: FeedRequest,
): Promise<FeedReading> {
  const idsWith = (test: (wanted: Wanted) => boolean) =>
    [...jobs].flatMap(([id, wanted]) => (test(wanted) ? [id] : []));
  return database.transaction(async (queries) => {
    const ofAccounts = accounts.size === 0 ? [] : await progressOfAccounts(queries, accounts, MOST_ENDS);
    // Jobs are read before their events: if one has ended, its final event is among them, if events are still kept.
    const progress = jobs.size === 0 ? [] : await progressOfJobs(queries, [...jobs.keys()]);
    const after = new Map([...jobs].flatMap(([id, { after: seen }]) => (seen === null ? [] : [[id, seen]])));
    const latest = idsWith((wanted) => wanted.latest);
    const queued = progress.filter(({ jobId, state }) => state === 'queued' && jobs.get(jobId)?.outlook === true);
    return {
      ofAccounts: [...ofAccounts].sort(byEnd),
      progress: new Map(progress.map((job) => [job.jobId, job])),
      events: byJob(after.size === 0 ? [] : await eventsAfter(queries, after)),
      latest: byJob(latest.length === 0 ? [] : await latestEvents(queries, latest)),
      outlooks: await outlooksOf(queries, clock.now(), queued),
      views: await viewsOf(queries, [...ofAccounts, ...progress].filter(isEnded)),
    };
  });
}

/** Unfinished jobs first, the oldest at the head; ids sort by time. */
function byEnd(one: JobProgress, other: JobProgress): number {
  const difference = Number((one.endedEvent ?? 0n) - (other.endedEvent ?? 0n));
  return difference === 0 ? one.jobId.localeCompare(other.jobId) : difference;
}

function byJob(events: readonly StoredEvent[]): ReadonlyMap<string, readonly StoredEvent[]> {
  return Map.groupBy(events, ({ jobId }) => jobId);
}

async function outlooksOf(
  queries: Queries,
  now: Date,
  queued: readonly JobProgress[],
): Promise<ReadonlyMap<string, Outlook>> {
  const outlooks = new Map<string, Outlook>();
  for (const model of new Set(queued.map((job) => job.model))) {
    for (const [jobId, outlook] of await outlooksOfQueue(queries, now, model)) outlooks.set(jobId, outlook);
  }
  return outlooks;
}

async function viewsOf(queries: Queries, ended: readonly JobProgress[]): Promise<ReadonlyMap<string, JobView>> {
  const jobs = await findJobs(queries, [...new Set(ended.map(({ jobId }) => jobId))]);
  const views = jobs.length === 0 ? [] : await withImages(queries, jobs);
  return new Map(views.map((view) => [view.job.id, view]));
}

/** What a follower of a job receives; the final event comes with the ended job. */
export type FollowedJobEvent =
  | Exclude<JobEvent, FinalEvent>
  | ({ readonly kind: 'queued' } & Outlook)
  | (FinalEvent & { readonly view: JobView });

export interface FollowedEvent {
  readonly jobId: string;
  /** For resuming after it; null where resuming after the previous one is the same. */
  readonly id: bigint | null;
  readonly event: FollowedJobEvent;
}

/** One follower of one job. */
export interface Track {
  readonly jobId: string;
  /** Everything about the job, its end only, or as one of an account's jobs, whose ends are sent in their order. */
  readonly of: 'job' | 'end' | 'account';
  /** The last event that was sent; null: nothing yet, start with the latest ones. */
  seen: bigint | null;
  /** The last outlook that was sent. */
  sent: Pick<Outlook, 'position' | 'isPaused'> | undefined;
  readonly queue: EventQueue<FollowedEvent>;
}

/** Sends a follower what is new to it. */
export function sendToTrack(track: Track, progress: JobProgress | undefined, reading: FeedReading): void {
  const { jobId, of, queue } = track;
  if (progress === undefined) {
    if (of !== 'account') queue.fail(jobNotFound(jobId));
    return;
  }
  const end = of === 'end' ? undefined : sendEvents(track, progress, reading);
  if (endOf(progress) === null) sendOutlook(track, reading);
  else if (of !== 'account') {
    sendEndOf(progress, end ?? null, queue, reading);
    if (!reading.views.has(jobId)) queue.fail(jobNotFound(jobId));
    queue.finish();
  }
}

/** Sends nothing when the job has been deleted meanwhile. */
export function sendEndOf(
  progress: JobProgress,
  id: bigint | null,
  queue: EventQueue<FollowedEvent>,
  { views }: FeedReading,
): void {
  const { jobId } = progress;
  const kind = endOf(progress);
  const view = views.get(jobId);
  if (kind !== null && view !== undefined) queue.push({ jobId, id, event: { kind, view } });
}

/** @returns the id of the final event, if it is among them */
function sendEvents(track: Track, { state }: JobProgress, { events, latest }: FeedReading): bigint | undefined {
  const { jobId, of, queue, seen } = track;
  const fresh = seen === null ? (latest.get(jobId) ?? []) : (events.get(jobId) ?? []).filter(({ id }) => id > seen);
  // A follower that comes now is not sent the events of an earlier attempt of a job that is queued again.
  const isNew = seen !== null || state === 'running';
  track.seen ??= 0n;
  for (const { id, event } of fresh) {
    if (isFinal(event)) return id; // sent with the job, which may have been read a moment too early: then with the next read
    track.seen = id;
    if (event.kind === 'started') track.sent = undefined;
    if (isNew) queue.push({ jobId, id: of === 'job' ? id : null, event });
  }
  return undefined;
}

function sendOutlook(track: Track, { outlooks }: FeedReading): void {
  const outlook = outlooks.get(track.jobId);
  if (outlook === undefined || track.of === 'end') return;
  if (outlook.position === track.sent?.position && outlook.isPaused === track.sent.isPaused) return;
  track.sent = outlook;
  track.queue.push({ jobId: track.jobId, id: null, event: { kind: 'queued', ...outlook } });
}

function endOf({ state }: JobProgress): FinalEvent['kind'] | null {
  return state === 'succeeded' || state === 'failed' || state === 'cancelled' ? state : null;
}
