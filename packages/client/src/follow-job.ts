import type { AccountEvent, JobEvent, JobEventName } from '@easel/contract';
import type { Query } from './address.ts';
import { paths } from './address.ts';
import { EaselConnectionError, type EaselError, unexpectedReply } from './errors.ts';
import { chunksOf, readEventStream, type StreamMessage } from './event-stream.ts';
import { pause } from './retries.ts';
import type { Transport } from './transport.ts';

export interface FollowOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called whenever the connection is made or lost. */
  readonly onConnection?: (isConnected: boolean) => void;
  /** How long to keep reconnecting, in milliseconds, for example while the server restarts. Default: two minutes. */
  readonly patienceMs?: number;
  /** After how long without data a connection is considered dead. Default: a minute; servers send a keep-alive every 15 s. */
  readonly silenceMs?: number;
}

export interface EventsOptions extends FollowOptions {
  /** Resume after this event: the `lastEventId` of an earlier one. Default: start with the current state of the jobs. */
  readonly lastEventId?: string | undefined;
  /** False leaves out previews. */
  readonly preview?: boolean | undefined;
}

/** An event of any job, and the position to resume from after it. */
export type JobsEvent = AccountEvent & { readonly lastEventId: string };

const PATIENCE_MS = 120_000;
const SILENCE_MS = 60_000;
const LONGEST_PAUSE_MS = 5000;

/** `true` for the events that end a job. */
const isLast: Readonly<Record<JobEventName, boolean>> = {
  queued: false,
  started: false,
  step: false,
  sample: false,
  succeeded: true,
  failed: true,
  cancelled: true,
};

/**
 * The events of a job until it ends. Reconnects with a growing pause when the connection is lost, and resumes after the last event, so
 * that no event is lost or repeated.
 *
 * @throws EaselError for an unknown job, EaselConnectionError when the server stays unreachable, or the signal's reason
 */
export async function* followJob(
  transport: Transport,
  id: string,
  options: FollowOptions = {},
): AsyncGenerator<JobEvent, void, undefined> {
  for await (const { event } of follow(transport, paths.jobEvents, { ...options, parts: { id } })) {
    if (!isJobEvent(event)) continue; // from a newer server
    yield event;
    if (isLast[event.event]) return;
  }
}

/**
 * The events of all jobs of the account, without end. Reconnects when the connection is lost: the ends that were missed are reported once
 * each, followed by the current state of unfinished jobs.
 *
 * @throws EaselError for a key without permission, EaselConnectionError when the server stays unreachable, or the signal's reason
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
    const silence = new SilenceTimer(silenceMs);
    const heard = () => {
      failingSince = undefined;
      silence.restart();
    };
    try {
      const headers = { accept: 'text/event-stream', ...(lastEventId !== '' && { 'last-event-id': lastEventId }) };
      const inFlight = AbortSignal.any([silence.signal, ...(signal === undefined ? [] : [signal])]);
      const reply = await transport.send(path, { parts, query, headers, signal, inFlight });
      silence.restart();
      if (!isEventStream(reply)) throw await refuse(reply);
      onConnection(true);
      for await (const message of readEventStream(chunksOf(reply, heard), on)) {
        failures = 0;
        const event = eventOf(message, reply);
        lastEventId = message.lastEventId === '' ? lastEventId : message.lastEventId;
        yield { event, lastEventId };
      }
      failure = transport.failureOf(new Error('the event stream ended early'), signal);
    } catch (error) {
      failure = transport.failureOf(error, signal);
      if (!isTemporary(failure)) throw failure;
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

/** Aborts a connection without data: one that broke silently, for example because a computer went to sleep, would otherwise stay open forever. */
class SilenceTimer {
  readonly #longestMs: number;
  readonly #controller = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(longestMs = SILENCE_MS) {
    this.#longestMs = longestMs;
    this.restart();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Restarts the timer: data has arrived. */
  restart(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#controller.abort(), this.#longestMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

/** Any other content type must not be retried (HTML standard §9.2.2). */
function isEventStream(reply: Response): boolean {
  return reply.headers.get('content-type')?.startsWith('text/event-stream') === true;
}

async function refuse(reply: Response): Promise<EaselError> {
  await reply.body?.cancel();
  return unexpectedReply(reply);
}

function eventOf({ event, data }: StreamMessage, reply: Response): { readonly event: string; readonly data: unknown } {
  try {
    return { event, data: JSON.parse(data) };
  } catch {
    throw unexpectedReply(reply);
  }
}

function isJobEvent(event: { readonly event: string }): event is JobEvent {
  return Object.hasOwn(isLast, event.event);
}

function isAccountEvent(event: { readonly event: string }): event is AccountEvent {
  return Object.hasOwn(isLast, event.event);
}

/** Whether the same request may succeed later. */
function isTemporary(failure: EaselError | EaselConnectionError): boolean {
  return failure instanceof EaselConnectionError || failure.status === 429 || failure.status >= 500;
}
