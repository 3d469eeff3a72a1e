import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { headers, statusOfError } from '@easel/contract';
import { DomainError } from '../../domain-error.ts';
import { newId } from '../../ids.ts';
import type { HttpApp } from '../http-app.ts';
import { surfaceOf } from '../surface.ts';
import { plainUrl } from './addresses.ts';
import { errorBody } from './error-body.ts';

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
