import { requireJob } from './job-state.ts';
import type { Database } from './ports/database.ts';
import { type EventBus, type Events, isFinal, type JobEvent, type StoredEvent } from './ports/events.ts';
import type { JobRecord, Jobs } from './ports/jobs.ts';
import type { Outlook, QueueOutlook } from './queue-outlook.ts';

/** How often somebody who waits is told of a change of his place; a lost notice is made up for as late. */
const LOOK_AGAIN_MS = 2000;

export interface FollowJobParts {
  readonly database: Database;
  readonly jobs: Jobs;
  readonly events: Events;
  readonly bus: EventBus;
  readonly outlook: QueueOutlook;
}

export interface FollowedEvent {
  /** For resuming after it; null where resuming after the one before it is the same. */
  readonly id: bigint | null;
  readonly event: JobEvent | ({ readonly kind: 'queued' } & Outlook);
}

/**
 * Everything that happens to a job, in whichever process, from after a stored event on (0: from the beginning) to its end: its
 * place while it waits, its steps, what became of it. Events are kept for a while only; of what was missed at least the end is told.
 *
 * @throws the signal's reason, or DomainError `not_found`
 * @example
 * for await (const { id, event } of followJob(parts, jobId, 0n, signal)) send(id, event);
 */
export async function* followJob(
  parts: FollowJobParts,
  jobId: string,
  afterId: bigint,
  signal: AbortSignal,
): AsyncGenerator<FollowedEvent, void, undefined> {
  using watch = parts.bus.watch(jobId);
  let seen = afterId;
  let told: Pick<Outlook, 'position' | 'isPaused'> | undefined;
  for (;;) {
    signal.throwIfAborted();
    const { job, events, outlook } = await look(parts, jobId, seen);
    for (const { id, event } of events) {
      seen = id;
      yield { id, event };
      if (isFinal(event)) return;
    }
    const end = endOf(job);
    if (end !== null) {
      yield { id: null, event: end };
      return;
    }
    if (outlook !== null && (outlook.position !== told?.position || outlook.isPaused !== told.isPaused)) {
      told = outlook;
      yield { id: null, event: { kind: 'queued', ...outlook } };
    }
    await watch.next({ withinMs: LOOK_AGAIN_MS, signal });
  }
}

interface Look {
  readonly job: JobRecord;
  readonly events: readonly StoredEvent[];
  readonly outlook: Outlook | null;
}

/** The job is read before its events: when it has ended, the event that says so is among them, if events are still kept. */
function look(parts: FollowJobParts, jobId: string, seen: bigint): Promise<Look> {
  const { database, jobs, events, outlook } = parts;
  return database.transaction(async (transaction) => {
    const job = requireJob(await jobs.find(transaction, jobId), null, jobId);
    return {
      job,
      events: await events.after(transaction, jobId, seen),
      outlook: job.state === 'queued' ? await outlook.of(transaction, job) : null,
    };
  });
}

function endOf({ state }: JobRecord): JobEvent | null {
  return state === 'succeeded' || state === 'failed' || state === 'cancelled' ? { kind: state } : null;
}
