import type { Job, JobCreate, JobEvent } from '@easel/contract';
import { duration } from '../format/amounts.ts';

export type Phase = 'sending' | 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled';

/** A job as the page follows it. */
export interface Run {
  /** The page's own name of it, which it has before the server gives it one. */
  readonly key: string;
  readonly request: JobCreate;
  readonly phase: Phase;
  readonly job?: Job;
  readonly position?: number;
  /** Nothing is started for now. */
  readonly isPaused?: boolean;
  readonly step?: { readonly index: number; readonly total: number };
  readonly eta?: number | null;
  readonly preview?: string;
  /** How many previews have come. */
  readonly previews: number;
  readonly problem?: string;
}

/** Where a run is, in words. */
export function statusOf({ phase, position, isPaused = false, step, eta }: Run): string {
  const rest = eta === undefined || eta === null ? '' : `, about ${duration(eta)} left`;
  if (phase === 'sending') return 'Sending…';
  if (phase === 'queued' && isPaused) return 'The queue is paused by the administrator; it waits';
  if (phase === 'queued')
    return position === undefined || position === 0
      ? `Next in the queue${rest}`
      : `${position} before it in the queue${rest}`;
  return step === undefined ? 'Reading the prompt…' : `Step ${step.index} of ${step.total}${rest}`;
}

export function isOver({ phase }: Run): boolean {
  return phase === 'succeeded' || phase === 'failed' || phase === 'cancelled';
}

/** A job that still waits or runs. */
export function isUnfinished({ status }: Pick<Job, 'status'>): boolean {
  return status === 'queued' || status === 'running';
}

/** The run after an event of its job. */
export function afterEvent(run: Run, { event, data }: JobEvent): Run {
  switch (event) {
    case 'queued':
      return { ...run, phase: 'queued', position: data.position, eta: data.eta, isPaused: data.paused === true };
    case 'started':
      return { ...run, phase: 'running', eta: null };
    case 'step': {
      const { index, total, eta, preview } = data;
      const seen = preview === undefined ? {} : { preview, previews: run.previews + 1 };
      return { ...run, phase: 'running', step: { index, total }, eta, ...seen };
    }
    case 'succeeded':
      return { ...run, phase: 'succeeded', job: data.job };
    case 'failed':
      return { ...run, phase: 'failed', job: data.job, problem: data.job.error?.message ?? 'The run failed.' };
    case 'cancelled':
      return { ...run, phase: 'cancelled', job: data.job };
  }
}
