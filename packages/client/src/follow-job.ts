import type { JobEvent, JobEventName } from '@easel/contract';
import { chunksOf } from './chunks-of.ts';
import { strangeReply } from './error-of-reply.ts';
import { EaselConnectionError, type EaselError } from './errors.ts';
import { readEventStream, type StreamMessage } from './event-stream.ts';
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
  let failures = 0;
  let failingSince: number | undefined;
  const heard = () => {
    failingSince = undefined;
  };
  for (;;) {
    let failure: EaselError | EaselConnectionError;
    try {
      const headers = { accept: 'text/event-stream', ...(lastEventId !== '' && { 'last-event-id': lastEventId }) };
      const reply = await transport.send(paths.jobEvents, { parts: { id }, headers, signal });
      if (!isEventStream(reply)) throw await refused(reply);
      for await (const message of readEventStream(chunksOf(reply, heard), (ms) => (pauseMs = ms))) {
        failures = 0;
        const event = eventOf(message, reply);
        lastEventId = message.lastEventId;
        if (!isJobEvent(event)) continue; // of a newer server
        yield event;
        if (isLast[event.event]) return;
      }
      failure = transport.failureOf(new Error('the stream of events ended before the job did'), signal);
    } catch (error) {
      failure = transport.failureOf(error, signal);
      if (!isPassing(failure)) throw failure;
    }
    failingSince ??= Date.now();
    if (Date.now() - failingSince > patienceMs) throw failure;
    await pause(Math.min(LONGEST_PAUSE_MS, pauseMs * 2 ** Math.min(failures, 10)), signal);
    failures += 1;
  }
}

/** Anything else is not to be asked for again (HTML standard §9.2.2). */
function isEventStream(reply: Response): boolean {
  return reply.headers.get('content-type')?.startsWith('text/event-stream') === true;
}

async function refused(reply: Response): Promise<EaselError> {
  await reply.body?.cancel();
  return strangeReply(reply);
}

function eventOf({ event, data }: StreamMessage, reply: Response): { readonly event: string; readonly data: unknown } {
  try {
    return { event, data: JSON.parse(data) };
  } catch {
    throw strangeReply(reply);
  }
}

function isJobEvent(event: { readonly event: string }): event is JobEvent {
  return Object.hasOwn(isLast, event.event);
}

/** Whether the same request may succeed later. */
function isPassing(failure: EaselError | EaselConnectionError): boolean {
  return failure instanceof EaselConnectionError || failure.status === 429 || failure.status >= 500;
}
