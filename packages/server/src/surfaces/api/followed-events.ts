import type { AccountEvent, JobEvent } from '@easel/contract';
import type { HttpServices } from '../../http/services.ts';
import type { ServerSentEvent } from '../../http/streams/event-stream.ts';
import type { FollowedEvent } from '../../jobs/feed-track.ts';
import type { FollowedAccount } from '../../jobs/job-feed.ts';
import { jobReply } from '../../jobs/job-reply.ts';

export interface Following {
  /** Of absolute URLs. */
  readonly base: string;
  readonly patience: AbortSignal;
}

/** The events of a job in the words of the contract. When patience ends they just end: the client comes back. */
export async function* jobEvents(
  { followJob }: Pick<HttpServices, 'followJob'>,
  { jobId, after, base, patience }: Following & { readonly jobId: string; readonly after: bigint },
): AsyncGenerator<ServerSentEvent, void, undefined> {
  try {
    for await (const followed of followJob(jobId, after, patience)) yield sent(followed, wireEvent(followed, base));
  } catch (error) {
    if (!patience.aborted) throw error;
  }
}

/** The events of an account's jobs; the place at which they begin is told first, so that the client can always resume. */
export async function* accountEvents(
  { place, events }: FollowedAccount,
  { base, patience, withPreviews }: Following & { readonly withPreviews: boolean },
): AsyncGenerator<ServerSentEvent, void, undefined> {
  yield { id: String(place) };
  try {
    for await (const followed of events) yield sent(followed, accountEvent(followed, base, withPreviews));
  } catch (error) {
    if (!patience.aborted) throw error;
  }
}

function sent({ id }: FollowedEvent, { event, data }: JobEvent | AccountEvent): ServerSentEvent {
  return { id: id === null ? null : String(id), event, data };
}

function accountEvent(followed: FollowedEvent, base: string, withPreviews: boolean): AccountEvent {
  const job = { id: followed.jobId };
  const wire = wireEvent(followed, base);
  switch (wire.event) {
    case 'queued':
      return { event: wire.event, data: { job, ...wire.data } };
    case 'started':
      return { event: wire.event, data: { job, ...wire.data } };
    case 'step': {
      const { preview, ...data } = wire.data;
      return { event: wire.event, data: { job, ...data, ...(withPreviews && preview !== undefined && { preview }) } };
    }
    default:
      return wire;
  }
}

function wireEvent({ event }: FollowedEvent, base: string): JobEvent {
  switch (event.kind) {
    case 'queued':
      return { event: 'queued', data: { position: event.position, eta: event.etaSeconds, paused: event.isPaused } };
    case 'started':
      return { event: 'started', data: { started_at: event.startedAt.toISOString() } };
    case 'step':
      return { event: 'step', data: stepData(event) };
    default:
      return { event: event.kind, data: { job: jobReply(event.view, base) } };
  }
}

function stepData({ index, total, sigma, etaSeconds, preview }: Extract<FollowedEvent['event'], { kind: 'step' }>) {
  return { index, total, sigma, eta: etaSeconds, ...(preview === null ? {} : { preview: dataUrl(preview) }) };
}

/** The same preview goes to everybody who follows its job. */
const dataUrls = new WeakMap<Uint8Array, string>();

function dataUrl(preview: Uint8Array): string {
  const known = dataUrls.get(preview);
  if (known !== undefined) return known;
  const url = `data:image/jpeg;base64,${Buffer.from(preview).toString('base64')}`;
  dataUrls.set(preview, url);
  return url;
}
