import type { JobEvent } from '@easel/contract';
import type { FollowedEvent } from '../../../domain/follow-job.ts';
import { jobReply } from '../../replies/job.ts';
import type { HttpServices } from '../../services.ts';
import type { ServerSentEvent } from '../../streams/event-stream.ts';

export interface Following {
  readonly jobId: string;
  readonly after: bigint;
  /** Of absolute URLs. */
  readonly base: string;
  readonly patience: AbortSignal;
}

/** The events of a job in the words of the contract. When patience ends they just end: the client comes back. */
export async function* followedEvents(
  services: Pick<HttpServices, 'followJob' | 'jobs'>,
  { jobId, after, base, patience }: Following,
): AsyncGenerator<ServerSentEvent, void, undefined> {
  try {
    for await (const followed of services.followJob(jobId, after, patience)) {
      const { event, data } = await wireEvent(services, jobId, followed, base);
      yield { id: followed.id === null ? null : String(followed.id), event, data };
    }
  } catch (error) {
    if (!patience.aborted) throw error;
  }
}

async function wireEvent(
  { jobs }: Pick<HttpServices, 'jobs'>,
  jobId: string,
  { event }: FollowedEvent,
  base: string,
): Promise<JobEvent> {
  switch (event.kind) {
    case 'queued':
      return { event: 'queued', data: { position: event.position, eta: event.etaSeconds, paused: event.isPaused } };
    case 'started':
      return { event: 'started', data: { started_at: event.startedAt.toISOString() } };
    case 'step':
      return { event: 'step', data: stepData(event) };
    default:
      return { event: event.kind, data: { job: jobReply(await jobs.get(null, jobId), base) } };
  }
}

function stepData({ index, total, sigma, etaSeconds, preview }: Extract<FollowedEvent['event'], { kind: 'step' }>) {
  const picture = preview && `data:image/jpeg;base64,${Buffer.from(preview).toString('base64')}`;
  return { index, total, sigma, eta: etaSeconds, ...(picture === null ? {} : { preview: picture }) };
}
