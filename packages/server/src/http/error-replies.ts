import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { fixedMessages, headers, statusOfError } from '@easel/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '../domain-error.ts';
import { newId } from '../ids.ts';
import { plainUrl } from './addresses.ts';
import { isEarlyEnd } from './event-streams.ts';
import type { HttpApp } from './http-app.ts';
import { errorBody } from './plugins/error-body.ts';
import { surfaceOf } from './surface.ts';
import { ClientGone } from './wait-for-job.ts';

/** Every error leaves in the words of the surface that was asked. */
export function replyWithErrors(app: HttpApp): void {
  app.setErrorHandler((error, request, reply) => sendError(error, request, reply));
}

export function sendError(thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const error = knownError(thrown) ?? unforeseen(thrown, request);
  const id = String(reply.getHeader(headers.requestId) ?? request.id);
  const { contentType, body } = errorBody(surfaceOf(request.url), error, id);
  addErrorHeaders(reply, error);
  // As bytes: the framework would add a parameter to the media type of a text.
  return reply
    .code(statusOfError(error.code))
    .header('content-type', contentType)
    .send(Buffer.from(JSON.stringify(body)));
}

/** What went wrong here is told to the log; outside it is only said that it did. */
function unforeseen(thrown: unknown, request: FastifyRequest): DomainError {
  if (request.raw.socket.destroyed && (thrown instanceof ClientGone || isEarlyEnd(thrown))) {
    request.log.info('the client closed the connection before it had the reply');
    return new DomainError('cancelled', fixedMessages.cancelled);
  }
  request.log.error({ err: thrown }, 'a request failed unexpectedly');
  return new DomainError('server_error', `something went wrong on the server; the log knows it as ${request.id}`);
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

/** The error of the catalogue that something thrown stands for; undefined: nobody foresaw it. */
export function knownError(error: unknown): DomainError | undefined {
  if (error instanceof DomainError) return error;
  if (!(error instanceof Error)) return undefined;
  const code = textOf(error, 'code');
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return new DomainError('invalid_content_type', fixedMessages.invalidContentType, { cause: error });
  }
  if (code === 'FST_ERR_MAX_PARAM_LENGTH') {
    return new DomainError('not_found', 'there is nothing at this address', { cause: error });
  }
  const message = faults[code] ?? (isBadRequest(error) ? 'the request cannot be read' : undefined);
  return message === undefined ? undefined : new DomainError('invalid_request', message, { cause: error });
}

/** The framework's and its plugins' other complaints about what was sent. */
function isBadRequest(error: Error): boolean {
  const status = 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' && status >= 400 && status < 500;
}

function textOf(error: Error, property: string): string {
  const value: unknown = Reflect.get(error, property);
  return typeof value === 'string' ? value : '';
}

/** What Node.js tells of a message that it cannot read. */
interface MessageError extends Error {
  readonly code: string;
  readonly rawPacket?: unknown;
}

/** RFC 6585 §5. */
const HEADERS_TOO_LARGE = 431;

/** There is no request yet of what is no HTTP, so it is answered by hand, in the words of the surface that it seems to be for. */
export function refuseMessage(error: MessageError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return;
  if (socket.writable) socket.write(replyTo(error));
  socket.destroySoon();
}

function replyTo({ code, message, rawPacket }: MessageError): string {
  const error = knownFault(code, message);
  const status = code === 'HPE_HEADER_OVERFLOW' ? HEADERS_TOO_LARGE : statusOfError(error.code);
  const packet = Buffer.isBuffer(rawPacket) ? rawPacket.toString('latin1') : '';
  const url = /^\S+ (\S+) HTTP/.exec(packet)?.[1];
  const id = newId();
  const { contentType, body } = errorBody(surfaceOf(plainUrl(url ?? '/')), error, id);
  const text = JSON.stringify({ ...body, ...('status' in body && { status }) });
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
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new DomainError('request_timeout', 'the request came too slowly');
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new DomainError('invalid_request', 'the headers of a request must have at most 16 kB in all');
  }
  const reason = message.replace(/^Parse Error:? */, '');
  return new DomainError('invalid_request', `the request is not valid HTTP (${reason || code}); see RFC 9112`);
}

/**
 * A request is for one host: with two of them, or another one in its address, whoever stands before this server may have looked at
 * the other (RFC 9112 §3.2).
 */
export function requireOneHost(app: HttpApp): void {
  app.addHook('onRequest', async ({ raw, originalUrl, headers: { host = '' } }) => {
    const hosts = raw.rawHeaders.filter((name, index) => index % 2 === 0 && name.toLowerCase() === 'host');
    const named = /^https?:\/\/([^/?#]*)/i.exec(originalUrl)?.[1] ?? host;
    if (hosts.length <= 1 && named.toLowerCase() === host.toLowerCase()) return;
    throw new DomainError('invalid_request', 'a request must name one host', { param: 'Host' });
  });
}
