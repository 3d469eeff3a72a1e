import type { EventQueue } from './event-queue.ts';
import { type FinalEvent, isFinal, type JobEvent, type JobProgress } from './events-port.ts';
import type { FeedReading } from './feed-reading.ts';
import type { JobView } from './job-queries.ts';
import { jobNotFound } from './job-state.ts';
import type { Outlook } from './queue-outlook.ts';

/** What a follower of a job is told; its end comes with the job as it is then. */
export type FollowedJobEvent =
  | Exclude<JobEvent, FinalEvent>
  | ({ readonly kind: 'queued' } & Outlook)
  | (FinalEvent & { readonly view: JobView });

export interface FollowedEvent {
  readonly jobId: string;
  /** For resuming after it; null where resuming after the one before it is the same. */
  readonly id: bigint | null;
  readonly event: FollowedJobEvent;
}

/** Somebody's interest in one job. */
export interface Track {
  readonly jobId: string;
  /** In all that happens to it, in its end only, or as one of an account's jobs: their ends are told in their order. */
  readonly of: 'job' | 'end' | 'account';
  /** The last event that was told; null: nothing yet, and only the latest ones are to be. */
  seen: bigint | null;
  told: Pick<Outlook, 'position' | 'isPaused'> | undefined;
  readonly queue: EventQueue<FollowedEvent>;
}

/** Tells a follower what is new to it. */
export function tellTrack(track: Track, progress: JobProgress | undefined, reading: FeedReading): void {
  const { jobId, of, queue } = track;
  if (progress === undefined) {
    if (of !== 'account') queue.fail(jobNotFound(jobId));
    return;
  }
  const end = of === 'end' ? undefined : tellEvents(track, progress, reading);
  if (endOf(progress) === null) tellPlace(track, reading);
  else if (of !== 'account') {
    tellEndOf(progress, end ?? null, queue, reading);
    if (!reading.views.has(jobId)) queue.fail(jobNotFound(jobId));
    queue.finish();
  }
}

/** Nothing is told when the job has been forgotten meanwhile. */
export function tellEndOf(
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

/** @returns the id of the final event, when it is among them */
function tellEvents(track: Track, { state }: JobProgress, { events, latest }: FeedReading): bigint | undefined {
  const { jobId, of, queue, seen } = track;
  const fresh = seen === null ? (latest.get(jobId) ?? []) : (events.get(jobId) ?? []).filter(({ id }) => id > seen);
  // Of a job that waits again after an attempt, those of the attempt say nothing to who comes now.
  const isNew = seen !== null || state === 'running';
  track.seen ??= 0n;
  for (const { id, event } of fresh) {
    if (isFinal(event)) return id; // told with the job, which may have been read a moment too early: then the next time
    track.seen = id;
    if (event.kind === 'started') track.told = undefined;
    if (isNew) queue.push({ jobId, id: of === 'job' ? id : null, event });
  }
  return undefined;
}

function tellPlace(track: Track, { places }: FeedReading): void {
  const place = places.get(track.jobId);
  if (place === undefined || track.of === 'end') return;
  if (place.position === track.told?.position && place.isPaused === track.told.isPaused) return;
  track.told = place;
  track.queue.push({ jobId: track.jobId, id: null, event: { kind: 'queued', ...place } });
}

function endOf({ state }: JobProgress): FinalEvent['kind'] | null {
  return state === 'succeeded' || state === 'failed' || state === 'cancelled' ? state : null;
}
