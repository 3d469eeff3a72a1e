import { fixedMessages, headers, statusOfError } from '@easel/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DomainError } from '../../domain-error.ts';
import type { HttpApp } from '../http-app.ts';
import { ClientGone } from '../requests/client-gone.ts';
import { isEarlyEnd } from '../streams/event-stream.ts';
import { surfaceOf } from '../surface.ts';
import { errorBody } from './error-body.ts';
import { knownError } from './known-error.ts';

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
