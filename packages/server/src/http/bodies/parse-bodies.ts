import type { FastifyRequest } from 'fastify';
import { Room } from '../../domain/room.ts';
import type { HttpApp } from '../http-app.ts';
import type { HttpOptions } from '../options.ts';
import { parseForm } from './form-body.ts';
import { JsonBounds, parseJson } from './json-body.ts';
import { type BodyPace, receiveBody } from './receive-body.ts';

/** The largest body of a request that cannot have a picture: the longest prompts in the longest spelling of JSON fit. */
export const SMALL_BODY_BYTES = 512_000;

/** Slower than this is no network that pictures are sent over. */
const defaultPace: BodyPace = { graceMs: 20_000, bytesPerSecond: 50_000 };
const ROOM_PATIENCE_MS = 30_000;

declare module 'fastify' {
  interface FastifyRequest {
    /** Gives back the memory that the body was given; may be called as soon as the body is no longer needed. */
    leaveRoom: (() => void) | null;
  }
}

type Receive = (request: FastifyRequest, inspect?: (chunk: Buffer) => void) => Promise<Buffer>;

/** Bodies are JSON or forms. An empty JSON body, such as some clients send with DELETE, counts as none. */
export function parseBodies(app: HttpApp, options: Pick<HttpOptions, 'bodyBytes' | 'bodyPace'>): void {
  const receive = receiver(options);
  app.decorateRequest('leaveRoom', null);
  app.addHook('onResponse', async (request) => request.leaveRoom?.());
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

function receiver({ bodyBytes, bodyPace: pace = defaultPace }: Pick<HttpOptions, 'bodyBytes' | 'bodyPace'>): Receive {
  const room = new Room({
    capacity: 4 * bodyBytes,
    capacityPerOwner: 2 * bodyBytes,
    patienceMs: ROOM_PATIENCE_MS,
    refusal: 'too many large requests at the same time; send this one again later',
  });
  return async (request, inspect) => {
    const limit = request.routeOptions.bodyLimit ?? bodyBytes;
    const declared = declaredBytes(request) ?? limit;
    if (declared > SMALL_BODY_BYTES) {
      const gone = new AbortController();
      request.raw.once('close', () => gone.abort());
      request.leaveRoom = await room.enter(request.caller?.accountId ?? '', Math.min(declared, limit), gone.signal);
    }
    return receiveBody(request.raw, { limit, pace, ...(inspect && { inspect }) });
  };
}

/** What the body takes when it has arrived; undefined when the headers do not say. */
function declaredBytes({ headers }: Pick<FastifyRequest, 'headers'>): number | undefined {
  const length = headers['content-length'];
  const isDecoded = headers['content-encoding'] === undefined || headers['content-encoding'] === 'identity';
  return length === undefined || !isDecoded ? undefined : Number(length);
}

/** Whether the body came as a form, in which every value is text. */
export function isForm({ headers }: Pick<FastifyRequest, 'headers'>): boolean {
  return /^\s*multipart\/form-data\s*(;|$)/i.test(headers['content-type'] ?? '');
}
