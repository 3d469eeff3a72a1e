import type { Job, JobCreate, JobEvent } from '@easel/contract';

export type Phase = 'sending' | 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled';

/** A job as the page follows it. */
export interface Run {
  /** The page's own name of it, which it has before the server gives it one. */
  readonly key: string;
  readonly request: Pick<JobCreate, 'prompt' | 'samples' | 'img_width' | 'img_height'>;
  readonly phase: Phase;
  readonly job?: Job;
  readonly position?: number;
  readonly step?: { readonly index: number; readonly total: number };
  readonly eta?: number | null;
  readonly preview?: string;
  /** How many previews have come. */
  readonly previews: number;
  readonly problem?: string;
}

export function isOver({ phase }: Run): boolean {
  return phase === 'succeeded' || phase === 'failed' || phase === 'cancelled';
}

/** The run after an event of its job. */
export function afterEvent(run: Run, { event, data }: JobEvent): Run {
  switch (event) {
    case 'queued':
      return { ...run, phase: 'queued', position: data.position, eta: data.eta };
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
