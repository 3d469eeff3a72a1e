import type { JobEvent, JobEventName } from '@easel/contract';
import { chunksOf } from './chunks-of.ts';
import { EaselConnectionError, EaselError } from './errors.ts';
import { readEventStream } from './event-stream.ts';
import { paths } from './paths.ts';
import { pause } from './pause.ts';
import type { Transport } from './transport.ts';

export interface FollowOptions {
  readonly signal?: AbortSignal | undefined;
  /** How long a server may be gone, in milliseconds, as while it is started anew: two minutes unless told otherwise. */
  readonly patienceMs?: number;
}

const PATIENCE_MS = 120_000;
const LONGEST_PAUSE_MS = 5000;

/** The names with which a stream ends are `true`. */
const isLast: Readonly<Record<JobEventName, boolean>> = {
  queued: false,
  started: false,
  step: false,
  succeeded: true,
  failed: true,
  cancelled: true,
};

/**
 * The events of a job to its end. A connection that breaks off is made again after a growing pause and goes on after the last event
 * that came, so none is lost and none comes twice.
 *
 * @throws EaselError for a job that is not there, EaselConnectionError when the server stays away, or the signal's reason
 */
export async function* followJob(
  transport: Transport,
  id: string,
  { signal, patienceMs = PATIENCE_MS }: FollowOptions = {},
): AsyncGenerator<JobEvent, void, undefined> {
  let lastEventId = '';
  let pauseMs = 500;
  let failingSince: number | undefined;
  for (let failures = 0; ; failures += 1) {
    try {
      const headers = { accept: 'text/event-stream', ...(lastEventId !== '' && { 'last-event-id': lastEventId }) };
      const reply = await transport.send(paths.jobEvents, { parts: { id }, headers, signal });
      for await (const message of readEventStream(chunksOf(reply), (ms) => (pauseMs = ms))) {
        [failures, failingSince] = [0, undefined];
        if (message.lastEventId !== '') lastEventId = message.lastEventId;
        const event = { event: message.event, data: JSON.parse(message.data) };
        if (!isJobEvent(event)) continue; // of a newer server
        yield event;
        if (isLast[event.event]) return;
      }
    } catch (error) {
      signal?.throwIfAborted();
      if (!isPassing(error)) throw error;
      failingSince ??= Date.now();
      if (Date.now() - failingSince > patienceMs) throw error;
    }
    await pause(Math.min(LONGEST_PAUSE_MS, pauseMs * 2 ** Math.min(failures, 10)), signal);
  }
}

function isJobEvent(event: { readonly event: string }): event is JobEvent {
  return Object.hasOwn(isLast, event.event);
}

/** Whether the same request may succeed later. What a body that breaks off throws is the platform's own error. */
function isPassing(error: unknown): boolean {
  if (error instanceof EaselError) return error.status === 429 || error.status >= 500;
  return error instanceof EaselConnectionError || error instanceof TypeError;
}
