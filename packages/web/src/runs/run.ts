import type { Job, JobCreate, JobEvent } from '@easel/contract';
import { duration } from '../format/text.ts';

export type Phase = 'sending' | 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled';

/** A job as the page follows it. */
export interface Run {
  /** The page's own id, known before the server assigns one. */
  readonly key: string;
  readonly request: JobCreate;
  readonly phase: Phase;
  readonly job?: Job;
  readonly position?: number;
  /** The queue is paused. */
  readonly isPaused?: boolean;
  readonly step?: { readonly index: number; readonly total: number };
  /** When it will probably finish, in milliseconds since 1970. */
  readonly expectedAt?: number | null;
  readonly preview?: string;
  /** Of the pictures that are finished while others of the run are not: small ones, as data URLs. */
  readonly finished?: readonly string[];
  /** The number of previews received. */
  readonly previews: number;
  readonly problem?: string;
  /** It had ended before the page was opened. */
  readonly isEarlier?: boolean;
  /** Something else has started it since the page was opened: another client, another tab, another view. */
  readonly isElsewhere?: boolean;
}

/** The status of a run in words, at a given time. @param isConnected whether events of the server arrive */
export function statusOf(
  { phase, position, isPaused = false, step, expectedAt }: Run,
  now: number,
  isConnected: boolean,
): string {
  if (phase === 'sending') return 'Sending…';
  // The last known status may be out of date.
  if (!isConnected) return 'Connection lost, reconnecting…';
  const secondsLeft = ((expectedAt ?? now) - now) / 1000;
  const rest = secondsLeft > 0 ? `, about ${duration(secondsLeft)} left` : '';
  if (phase === 'queued' && isPaused) return 'Queue paused by the administrator';
  if (phase === 'queued')
    return position === undefined || position === 0
      ? `Next in queue${rest}`
      : `${position} ${position === 1 ? 'job' : 'jobs'} ahead${rest}`;
  return step === undefined ? 'Encoding the prompt…' : `Step ${step.index} of ${step.total}${rest}`;
}

export function isOver({ phase }: Run): boolean {
  return phase === 'succeeded' || phase === 'failed' || phase === 'cancelled';
}

/** How many pictures the run makes, or has. */
export function runCount({ job, request }: Run): number {
  if (job?.status === 'succeeded') return job.images.length;
  return job?.samples ?? request.samples ?? 1;
}

/** How far a run is, from 0 to 1; undefined until its first step. */
export function shareOf({ step }: Run): number | undefined {
  return step === undefined ? undefined : step.index / step.total;
}

/** A job that is queued or running. */
export function isUnfinished({ status }: Pick<Job, 'status'>): boolean {
  return status === 'queued' || status === 'running';
}

/** The run after an event of its job, received now. */
export function afterEvent({ problem: _, ...run }: Run, { event, data }: JobEvent, now: number): Run {
  switch (event) {
    case 'queued':
      return {
        ...run,
        phase: 'queued',
        position: data.position,
        expectedAt: momentOf(data.eta, now),
        isPaused: data.paused === true,
      };
    case 'started':
      return { ...run, phase: 'running', expectedAt: null, finished: [] };
    case 'step': {
      const { index, total, eta, preview } = data;
      const seen = preview === undefined ? {} : { preview, previews: run.previews + 1 };
      return { ...run, phase: 'running', step: { index, total }, expectedAt: momentOf(eta, now), ...seen };
    }
    case 'sample': {
      if (data.preview === undefined) return run;
      // A later picture cannot be finished before this one.
      return { ...run, finished: [...(run.finished ?? []).slice(0, data.sample), data.preview] };
    }
    case 'succeeded':
      return { ...run, phase: 'succeeded', job: data.job };
    case 'failed':
      return { ...run, phase: 'failed', job: data.job, problem: data.job.error?.message ?? 'Generation failed.' };
    case 'cancelled':
      return { ...run, phase: 'cancelled', job: data.job };
  }
}

/** The events that tell how far a job is: the latest, and those of the pictures that are finished already. */
export function withEvent<Event extends { readonly event: JobEvent['event'] }>(
  before: readonly Event[],
  next: Event,
): readonly Event[] {
  if (next.event === 'sample') return [...before, next];
  return next.event === 'step' ? [...before.filter(({ event }) => event === 'sample'), next] : [next];
}

function momentOf(etaSeconds: number | null, now: number): number | null {
  return etaSeconds === null ? null : now + etaSeconds * 1000;
}
