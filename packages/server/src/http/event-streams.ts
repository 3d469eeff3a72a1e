import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { headers, patterns } from '@easel/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { DomainError } from '../domain-error.ts';
import { whenClosed } from './when-closed.ts';

/** One server-sent event (HTML standard §9.2); one with only an id sets the place at which a client resumes. */
export type ServerSentEvent = SentEvent | { readonly id: string };

interface SentEvent {
  /** Sent back as `Last-Event-ID` when the client reconnects; null: that of the event before. */
  readonly id: string | null;
  readonly event: string;
  /** Sent as JSON, on one line. */
  readonly data: unknown;
}

export const eventStreamHeaders = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store',
  'x-accel-buffering': 'no', // nginx would buffer events
} as const;

const heartbeat = ': heartbeat\n\n';

/**
 * Makes the body of a reply of events, with heartbeats in between, so that no proxy closes the connection as idle. It ends
 * with the last event; when the source fails, the connection is cut and the client reconnects.
 *
 * @param heartbeatMs time between two heartbeats
 */
export function eventStream(
  events: AsyncIterable<ServerSentEvent>,
  { heartbeatMs, onError }: { readonly heartbeatMs: number; readonly onError: (error: unknown) => void },
): Readable {
  const body = new PassThrough();
  body.write(': connected\n\n'); // headers are sent with the first bytes
  const timer = setInterval(() => {
    if (!body.writableNeedDrain && body.writable) body.write(heartbeat);
  }, heartbeatMs);
  body.once('close', () => clearInterval(timer));
  void pipeline(texts(events), body)
    .catch((error: unknown) => {
      if (!isEarlyEnd(error)) onError(error);
    })
    .finally(() => clearInterval(timer));
  return body;
}

async function* texts(events: AsyncIterable<ServerSentEvent>): AsyncGenerator<string, void, undefined> {
  for await (const sent of events) {
    const id = sent.id === null ? '' : `id: ${sent.id}\n`;
    yield 'event' in sent ? `${id}event: ${sent.event}\ndata: ${JSON.stringify(sent.data)}\n\n` : `${id}\n`;
  }
}

const earlyEnds: readonly string[] = ['ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED', 'EPIPE', 'ECONNRESET'];

/** Whether the error only means that the client closed the connection. */
export function isEarlyEnd(error: unknown): boolean {
  return error instanceof Error && 'code' in error && earlyEnds.includes(String(error.code));
}

const HEARTBEAT_MS = 15_000;

export function heartbeatOf({ heartbeatMs = HEARTBEAT_MS }: { readonly heartbeatMs?: number }): number {
  return heartbeatMs;
}

export interface StreamLimits {
  /** Streams open at the same time, per key and in all; default: 64 and 1,000. */
  readonly streamsPerKey?: number;
  readonly streams?: number;
}

/** Counts the open event streams of this process. */
export class StreamSlots {
  readonly #perKey: number;
  readonly #all: number;
  readonly #open = new Map<string, number>();
  #total = 0;

  constructor({ streamsPerKey = 64, streams = 1000 }: StreamLimits) {
    this.#perKey = streamsPerKey;
    this.#all = streams;
  }

  /** Takes a slot until the connection of the reply is closed. @throws DomainError `rate_limited`, `overloaded` */
  take(keyId: string, { raw }: FastifyReply): void {
    const open = this.#open.get(keyId) ?? 0;
    if (open >= this.#perKey) {
      const message = `this key has ${open} event streams open, which is its limit of ${this.#perKey}`;
      const remedy = 'close one, or follow all jobs with a single GET /api/events';
      throw new DomainError('rate_limited', message, { remedy });
    }
    if (this.#total >= this.#all) {
      const message = `the server has ${this.#total} event streams open, which is its limit of ${this.#all}`;
      throw new DomainError('overloaded', message, { remedy: 'retry later' });
    }
    if (raw.closed) return;
    this.#open.set(keyId, open + 1);
    this.#total += 1;
    whenClosed(raw, () => {
      this.#total -= 1;
      const left = (this.#open.get(keyId) ?? 1) - 1;
      if (left === 0) this.#open.delete(keyId);
      else this.#open.set(keyId, left);
    });
  }
}

/** The headers of a client that resumes a stream. */
export const resumeHeaders = Type.Object(
  {
    [headers.lastEventId]: Type.Optional(
      Type.String({
        pattern: patterns.eventId.source,
        description: 'The ID of the last event received; the stream continues after it',
        examples: ['1024'],
      }),
    ),
  },
  { title: 'ResumeHeaders', description: 'Where an event stream resumes' },
);

/** The id after which the stream resumes; 0: from the beginning. */
export function lastEventId(request: FastifyRequest): bigint {
  const sent = request.headers[headers.lastEventId];
  return typeof sent === 'string' ? BigInt(sent) : 0n;
}
