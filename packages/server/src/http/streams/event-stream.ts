import { PassThrough, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** One server-sent event (HTML standard §9.2); one that is an id alone only moves the place to resume at. */
export type ServerSentEvent = SentEvent | { readonly id: string };

interface SentEvent {
  /** What a client that comes back says it has seen last; null: as with the event before. */
  readonly id: string | null;
  readonly event: string;
  /** Becomes JSON, which has no line breaks. */
  readonly data: unknown;
}

export const eventStreamHeaders = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store',
  'x-accel-buffering': 'no', // proxies would keep events until there are enough of them
} as const;

const heartbeat = ': heartbeat\n\n';

/**
 * Events as the body of a reply, with signs of life in between, so that nobody on the way takes the connection for dead. It ends
 * with the last event; when they fail, it breaks off, and the client comes back.
 *
 * @param heartbeatMs between two signs of life
 */
export function eventStream(
  events: AsyncIterable<ServerSentEvent>,
  { heartbeatMs, onError }: { readonly heartbeatMs: number; readonly onError: (error: unknown) => void },
): Readable {
  const body = new PassThrough();
  body.write(': connected\n\n'); // the headers leave with the first bytes
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

/** The client closed the connection: nothing went wrong. */
export function isEarlyEnd(error: unknown): boolean {
  return error instanceof Error && 'code' in error && earlyEnds.includes(String(error.code));
}

const HEARTBEAT_MS = 15_000;

export function heartbeatOf({ heartbeatMs = HEARTBEAT_MS }: { readonly heartbeatMs?: number }): number {
  return heartbeatMs;
}
