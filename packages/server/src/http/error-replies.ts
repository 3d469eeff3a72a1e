import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { answerTo, fixedMessages, headers, statusOfError } from '@easel/contract';
import { type Code, type CodedErrorLike, isCodedError } from '@easel/errors';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '../domain-error.ts';
import { newId } from '../ids.ts';
import { isEarlyEnd } from './event-streams.ts';
import { type ErrorShape, type HttpApp, ownerOf, problems, type Surface } from './surface.ts';
import { ClientGone } from './wait-for-job.ts';

/** Finds the error shape for a URL, with or without a route. */
export type ShapeOf = (url: string) => ErrorShape;

/** @param usual the shape for addresses that belong to no surface */
export function shapesOf(surfaces: readonly Surface[], usual: ErrorShape = problems): ShapeOf {
  return (url) => ownerOf(surfaces, url)?.errors ?? usual;
}

/** Sends every error of these routes in the shape of the surface that owns the address. */
export function replyWithErrors(app: HttpApp, shapeOf: ShapeOf): void {
  app.setErrorHandler((error, request, reply) => sendError(error, request, reply, shapeOf));
}

export function sendError(
  thrown: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  shapeOf: ShapeOf,
): FastifyReply {
  const error = knownError(thrown) ?? unforeseen(thrown, request);
  const requestId = String(reply.getHeader(headers.requestId) ?? request.id);
  const status = statusOfError(error.code);
  const shape = shapeOf(request.url);
  addErrorHeaders(reply, error);
  // As bytes: Fastify would add a charset to the content type of a string.
  return reply
    .code(status)
    .header('content-type', shape.contentType)
    .send(Buffer.from(JSON.stringify(shape.body(error, { requestId, status }))));
}

/** Logs an unexpected error; the reply has no details of it. */
function unforeseen(thrown: unknown, request: FastifyRequest): DomainError {
  if (request.raw.socket.destroyed && (thrown instanceof ClientGone || isEarlyEnd(thrown))) {
    request.log.info('the client closed the connection before the reply was complete');
    return new DomainError('cancelled', fixedMessages.cancelled);
  }
  request.log.error({ err: thrown }, 'a request failed unexpectedly');
  const { code } = answerTo(isCodedError(thrown) ? thrown.code : 'internal');
  return new DomainError(code, 'internal error', {
    remedy: `retry the request; the server log has the details under request ID ${request.id}`,
  });
}

function addErrorHeaders(reply: FastifyReply, { code, retryAfterSeconds }: DomainError): void {
  if (code === 'unauthorized') reply.header('www-authenticate', 'Bearer'); // RFC 9110 §15.5.2
  const mayRetry = code === 'rate_limited' || code === 'overloaded';
  const seconds = retryAfterSeconds ?? (mayRetry ? 1 : undefined);
  if (seconds !== undefined) reply.header(headers.retryAfter, Math.max(1, Math.ceil(seconds)));
}

const faults: Readonly<Record<string, string>> = {
  FST_ERR_BAD_URL: 'the address must be percent-encoded UTF-8 (RFC 3986 §2.1)',
};

/** Converts a thrown value to an error of the catalogue; undefined: it is unexpected. */
export function knownError(error: unknown): DomainError | undefined {
  if (error instanceof DomainError) return error;
  if (isCodedError(error)) return toldError(error);
  if (!(error instanceof Error)) return undefined;
  const code = textOf(error, 'code');
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return new DomainError('invalid_content_type', fixedMessages.invalidContentType, { cause: error });
  }
  if (code === 'FST_ERR_MAX_PARAM_LENGTH') {
    return new DomainError('not_found', 'address not found', { cause: error });
  }
  const message = faults[code] ?? (isBadRequest(error) ? 'the request is malformed' : undefined);
  return message === undefined ? undefined : new DomainError('invalid_request', message, { cause: error });
}

/** One whose code no reply carries, told by one that replies do; undefined when its message is the operator's. */
function toldError(error: CodedErrorLike<Code>): DomainError | undefined {
  const { code, isTold } = answerTo(error.code);
  const { message, remedy } = error;
  const wait = error.code === 'database_lost' ? { retryAfterSeconds: DATABASE_RETRY_S } : {};
  return isTold ? new DomainError(code, message, { remedy, cause: error, ...wait }) : undefined;
}

/** How soon a client may ask again while the database cannot be reached. */
const DATABASE_RETRY_S = 2;

/** Whether it is another error of Fastify or a plugin about the request. */
function isBadRequest(error: Error): boolean {
  const status = 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' && status >= 400 && status < 500;
}

function textOf(error: Error, property: string): string {
  const value: unknown = Reflect.get(error, property);
  return typeof value === 'string' ? value : '';
}

/** The error of Node.js for a message that it cannot parse. */
interface MessageError extends Error {
  readonly code: string;
  readonly rawPacket?: unknown;
}

/** RFC 6585 §5. */
const HEADERS_TOO_LARGE = 431;

/**
 * Answers messages that Node.js cannot parse as HTTP. There is no request yet, so the reply is written to the socket, in the shape of the
 * surface that the URL of the message belongs to.
 *
 * @param shapeOf is called with the URL as it was sent
 */
export function refuseMessages(shapeOf: ShapeOf): (error: MessageError, socket: Socket) => void {
  return (error, socket) => {
    if (error.code === 'ECONNRESET' || socket.destroyed) return;
    if (socket.writable) socket.write(replyTo(error, shapeOf));
    socket.destroySoon();
  };
}

function replyTo({ code, message, rawPacket }: MessageError, shapeOf: ShapeOf): string {
  const error = knownFault(code, message);
  const status = code === 'HPE_HEADER_OVERFLOW' ? HEADERS_TOO_LARGE : statusOfError(error.code);
  const packet = Buffer.isBuffer(rawPacket) ? rawPacket.toString('latin1') : '';
  const url = /^\S+ (\S+) HTTP/.exec(packet)?.[1];
  const id = newId();
  const { contentType, body } = shapeOf(url ?? '/');
  const text = JSON.stringify(body(error, { requestId: id, status }));
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `content-type: ${contentType}`,
    `content-length: ${Buffer.byteLength(text)}`,
    `${headers.requestId}: ${id}`,
    'connection: close',
  ];
  return `${lines.join('\r\n')}\r\n\r\n${text}`;
}

function knownFault(code: string, message: string): DomainError {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new DomainError('request_timeout', 'the request timed out: its data arrived too slowly');
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new DomainError('invalid_request', 'the headers of a request must have at most 16 kB in all');
  }
  const reason = message.replace(/^Parse Error:? */, '');
  return new DomainError('invalid_request', `the request is not valid HTTP (${reason || code})`, {
    remedy: 'see RFC 9112',
  });
}
