import type { FastifyRequest } from 'fastify';
import { DomainError } from '../domain-error.ts';
import { Room } from '../room.ts';
import { JsonBounds, parseForm, parseJson } from './body-formats.ts';
import { type BodyPace, receiveBody } from './receive-body.ts';
import type { HttpApp, HttpOptions } from './surface.ts';
import { whenClosed } from './when-closed.ts';

/** The largest body without a picture: the longest prompts fit, with every character escaped in JSON. */
export const SMALL_BODY_BYTES = 512_000;

/** Slower than any usable network. */
const defaultPace: BodyPace = { graceMs: 20_000, bytesPerSecond: 50_000 };
const ROOM_PATIENCE_MS = 30_000;
/** After which a large body that is still arriving is given up if others wait for memory. */
const ROOM_STAY_MS = 30_000;

declare module 'fastify' {
  interface FastifyRequest {
    /** Releases the memory that was reserved for the body; may be called as soon as the body is no longer needed. */
    releaseBodyMemory: (() => void) | null;
  }
}

type BodyOptions = Pick<HttpOptions, 'bodyBytes' | 'bodyPace' | 'roomPatienceMs' | 'roomStayMs'>;

type Receive = (request: FastifyRequest, inspect?: (chunk: Buffer) => void) => Promise<Buffer>;

/** Adds the parsers of bodies: JSON and forms. An empty JSON body, which some clients send with DELETE, counts as none. */
export function parseBodies(app: HttpApp, options: BodyOptions): void {
  const receive = receiver(options);
  app.decorateRequest('releaseBodyMemory', null);
  // Not on `finish`, which never comes when the client disconnects.
  app.addHook('onRequest', async (request, reply) => {
    whenClosed(reply.raw, () => request.releaseBodyMemory?.());
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', async (request: FastifyRequest) => {
    const bounds = new JsonBounds();
    const bytes = await receive(request, (chunk) => bounds.count(chunk));
    return bytes.length === 0 ? undefined : parseJson(bytes);
  });
  app.addContentTypeParser('multipart/form-data', async (request: FastifyRequest) =>
    parseForm(request.headers['content-type'] ?? '', await receive(request)),
  );
}

function receiver({
  bodyBytes,
  bodyPace: pace = defaultPace,
  roomPatienceMs = ROOM_PATIENCE_MS,
  roomStayMs = ROOM_STAY_MS,
}: BodyOptions): Receive {
  const room = new Room({
    capacity: 4 * bodyBytes,
    capacityPerOwner: 2 * bodyBytes,
    patienceMs: roomPatienceMs,
    stayMs: roomStayMs,
    refusal: 'too many large requests at the same time',
  });
  return async (request, inspect) => {
    const limit = request.routeOptions.bodyLimit ?? bodyBytes;
    const declared = declaredBytes(request) ?? limit;
    const receiving = { limit, pace, ...(inspect && { inspect }) };
    if (declared <= SMALL_BODY_BYTES) return receiveBody(request.raw, receiving);
    const [gone, crowded] = [new AbortController(), new AbortController()];
    request.raw.once('close', () => gone.abort()); // an unread body closes only with its connection
    request.releaseBodyMemory = await room.enter(request.caller?.accountId ?? '', Math.min(declared, limit), {
      signal: gone.signal,
      onCrowded: () =>
        crowded.abort(new DomainError('request_timeout', 'the body arrived too slowly while other requests waited')),
    });
    return receiveBody(request.raw, { ...receiving, signal: crowded.signal });
  };
}

/** The size of the body in memory; undefined when the headers do not say. */
function declaredBytes({ headers }: Pick<FastifyRequest, 'headers'>): number | undefined {
  const length = headers['content-length'];
  const isDecoded = headers['content-encoding'] === undefined || headers['content-encoding'] === 'identity';
  return length === undefined || !isDecoded ? undefined : Number(length);
}

/** Whether the body is a form, in which every value is text. */
export function isForm({ headers }: Pick<FastifyRequest, 'headers'>): boolean {
  return /^\s*multipart\/form-data\s*(;|$)/i.test(headers['content-type'] ?? '');
}
