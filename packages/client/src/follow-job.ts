import type { AccountEvent, JobEvent, JobEventName } from '@easel/contract';
import type { Query } from './address.ts';
import { paths } from './address.ts';
import { EaselConnectionError, type EaselError, strangeReply } from './errors.ts';
import { chunksOf, readEventStream, type StreamMessage } from './event-stream.ts';
import { pause } from './retries.ts';
import type { Transport } from './transport.ts';

export interface FollowOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told whether there is a connection, whenever one is made or lost. */
  readonly onConnection?: (isConnected: boolean) => void;
  /** How long a server may be gone, in milliseconds, as while it is started anew: two minutes unless told otherwise. */
  readonly patienceMs?: number;
  /** After how long without a sign of life a connection is taken for dead: a minute unless told otherwise; servers send one every 15 s. */
  readonly silenceMs?: number;
}

export interface EventsOptions extends FollowOptions {
  /** Go on after this event, as an earlier one's `lastEventId`; absent: with how far the jobs are now. */
  readonly lastEventId?: string | undefined;
  /** False: without previews. */
  readonly preview?: boolean | undefined;
}

/** An event of all jobs, and where to go on after it. */
export type JobsEvent = AccountEvent & { readonly lastEventId: string };

const PATIENCE_MS = 120_000;
const SILENCE_MS = 60_000;
const LONGEST_PAUSE_MS = 5000;

/** The names with which the events of a job end are `true`. */
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
  options: FollowOptions = {},
): AsyncGenerator<JobEvent, void, undefined> {
  for await (const { event } of follow(transport, paths.jobEvents, { ...options, parts: { id } })) {
    if (!isJobEvent(event)) continue; // of a newer server
    yield event;
    if (isLast[event.event]) return;
  }
}

/**
 * The events of all jobs of the account, without end. A connection that breaks off is made again: the ends that were missed are told
 * once each, and how far the jobs are that have not ended.
 *
 * @throws EaselError for a key that may not, EaselConnectionError when the server stays away, or the signal's reason
 */
export async function* followJobs(
  transport: Transport,
  { preview, ...options }: EventsOptions = {},
): AsyncGenerator<JobsEvent, void, undefined> {
  for await (const { event, lastEventId } of follow(transport, paths.events, { ...options, query: { preview } })) {
    if (isAccountEvent(event)) yield { ...event, lastEventId };
  }
}

interface Following extends EventsOptions {
  readonly parts?: Readonly<Record<string, string>>;
  readonly query?: Query;
}

interface Message {
  readonly event: { readonly event: string; readonly data: unknown };
  readonly lastEventId: string;
}

async function* follow(
  transport: Transport,
  path: string,
  {
    signal,
    patienceMs = PATIENCE_MS,
    parts = {},
    query = {},
    onConnection = () => {},
    silenceMs,
    ...options
  }: Following,
): AsyncGenerator<Message, void, undefined> {
  let lastEventId = options.lastEventId ?? '';
  let pauseMs = 500;
  let failures = 0;
  let failingSince: number | undefined;
  const on = {
    retry: (ms: number) => {
      pauseMs = ms;
    },
    id: (id: string) => {
      if (id !== '') lastEventId = id;
    },
  };
  for (;;) {
    let failure: EaselError | EaselConnectionError;
    const silence = new Silence(silenceMs);
    const heard = () => {
      failingSince = undefined;
      silence.end();
    };
    try {
      const headers = { accept: 'text/event-stream', ...(lastEventId !== '' && { 'last-event-id': lastEventId }) };
      const inFlight = AbortSignal.any([silence.signal, ...(signal === undefined ? [] : [signal])]);
      const reply = await transport.send(path, { parts, query, headers, signal, inFlight });
      silence.end();
      if (!isEventStream(reply)) throw await refused(reply);
      onConnection(true);
      for await (const message of readEventStream(chunksOf(reply, heard), on)) {
        failures = 0;
        const event = eventOf(message, reply);
        lastEventId = message.lastEventId === '' ? lastEventId : message.lastEventId;
        yield { event, lastEventId };
      }
      failure = transport.failureOf(new Error('the stream of events ended before it should'), signal);
    } catch (error) {
      failure = transport.failureOf(error, signal);
      if (!isPassing(failure)) throw failure;
    } finally {
      silence.stop();
    }
    failingSince ??= Date.now();
    onConnection(false);
    if (Date.now() - failingSince > patienceMs) throw failure;
    await pause(Math.min(LONGEST_PAUSE_MS, pauseMs * 2 ** Math.min(failures, 10)), signal);
    failures += 1;
  }
}

/** Ends a connection on which nothing is heard: one that is broken without a word, as by a sleeping computer, would be waited on for ever. */
class Silence {
  readonly #longestMs: number;
  readonly #controller = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(longestMs = SILENCE_MS) {
    this.#longestMs = longestMs;
    this.end();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Something was heard: it counts anew. */
  end(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#controller.abort(), this.#longestMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
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

function isAccountEvent(event: { readonly event: string }): event is AccountEvent {
  return Object.hasOwn(isLast, event.event);
}

/** Whether the same request may succeed later. */
function isPassing(failure: EaselError | EaselConnectionError): boolean {
  return failure instanceof EaselConnectionError || failure.status === 429 || failure.status >= 500;
}
