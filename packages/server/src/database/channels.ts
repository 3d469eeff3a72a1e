import type { JobNews } from '../jobs/events-port.ts';

/** Notifications of PostgreSQL. The payload is the id of a job or a key, or empty; that of an event is what `newsText` makes. */
export const EVENT_CHANNEL = 'easel_events';
export const CANCEL_CHANNEL = 'easel_cancel';
export const KEY_CHANNEL = 'easel_keys';
export const QUEUE_CHANNEL = 'easel_queue';

interface News {
  readonly jobId: string;
  readonly accountId: string;
  readonly kind: string;
}

export function newsText({ jobId, accountId, kind }: News): string {
  return `${jobId} ${accountId} ${kind}`;
}

/** A process of an earlier release tells the job only. */
export function parseNews(text: string): JobNews {
  const [jobId = '', accountId = null, kind] = text.split(' ');
  return { jobId, accountId, isStep: kind === 'step' };
}
