import type { IncomingMessage } from 'node:http';
import type { Readable, Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { fixedMessages } from '@easel/contract';
import type { FastifyRequest } from 'fastify';
import { DomainError } from '../domain-error.ts';

const decoders: ReadonlyMap<string, () => Transform> = new Map<string, () => Transform>([
  ['gzip', createGunzip],
  ['x-gzip', createGunzip],
  ['deflate', createInflate],
  ['br', createBrotliDecompress],
]);

/** The slowest that a body may arrive: one that stalls would hold a connection and memory. */
export interface BodyPace {
  /** Before the rate is enforced. */
  readonly graceMs: number;
  readonly bytesPerSecond: number;
}

export interface ReceiveOptions {
  /** The most bytes, both as sent and as decoded. */
  readonly limit: number;
  readonly pace: BodyPace;
  /** Aborts reading with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Sees each part of the decoded body; reading fails with what it throws. */
  readonly inspect?: (chunk: Buffer) => void;
}

/**
 * Reads the whole body and decodes its `Content-Encoding`. The rest of a refused body is read and dropped, so that the reply can be
 * sent.
 *
 * @throws DomainError `body_too_large`, `request_timeout`, `invalid_request` for a broken encoding, or what `inspect` throws
 */
export function receiveBody(raw: IncomingMessage, { limit, pace, signal, inspect }: ReceiveOptions): Promise<Buffer> {
  const decoder = decoderOf(raw);
  const source: Readable = decoder ?? raw;
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  let sent = 0;
  let decoded = 0;
  const onSent = (chunk: Buffer) => {
    sent += chunk.length;
    if (sent > limit) fail(bodyTooLarge(limit));
  };
  const onDecoded = (chunk: Buffer) => {
    decoded += chunk.length;
    try {
      if (decoded > limit) throw bodyTooLarge(limit);
      inspect?.(chunk);
      chunks.push(chunk);
    } catch (error) {
      fail(error);
    }
  };
  const onEnd = () => {
    detach();
    resolve(Buffer.concat(chunks));
  };
  const onGone = () => {
    if (!raw.complete) fail(new DomainError('invalid_request', 'the connection closed before the body was complete'));
  };
  const onError = (cause: unknown) =>
    fail(new DomainError('invalid_request', 'the body cannot be decoded with its Content-Encoding', { cause }));
  const watch = watchPace(
    pace,
    () => sent,
    () => fail(new DomainError('request_timeout', 'the body arrived too slowly')),
  );
  const onSignal = () => fail(signal?.reason);
  function detach(): void {
    clearInterval(watch);
    signal?.removeEventListener('abort', onSignal);
    raw.off('data', onSent).off('close', onGone).off('error', onGone);
    source.off('data', onDecoded).off('end', onEnd);
    if (decoder === undefined) return;
    raw.unpipe(decoder);
    decoder.destroy();
  }
  function fail(error: unknown): void {
    detach();
    chunks.length = 0;
    raw.resume();
    reject(error);
  }
  signal?.addEventListener('abort', onSignal, { once: true });
  raw.on('data', onSent).on('close', onGone).on('error', onGone);
  source.on('data', onDecoded).on('end', onEnd);
  if (decoder !== undefined) raw.pipe(decoder).on('error', onError);
  if (raw.destroyed) onGone(); // closed before the listeners were added
  return promise;
}

/** Counts ticks of the timer instead of time, so that a delay of this process is not taken for one of the client. */
function watchPace({ graceMs, bytesPerSecond }: BodyPace, sent: () => number, onTooSlow: () => void): NodeJS.Timeout {
  const turnMs = Math.min(1000, graceMs / 4);
  let waitedMs = 0;
  return setInterval(() => {
    waitedMs += turnMs;
    if (waitedMs > graceMs + (1000 * sent()) / bytesPerSecond) onTooSlow();
  }, turnMs);
}

/** @throws DomainError `unsupported_encoding` */
function decoderOf({ headers }: IncomingMessage): Transform | undefined {
  const name = encodingOf(headers['content-encoding']);
  return name === undefined ? undefined : decoders.get(name)?.();
}

/**
 * The `Content-Encoding` of a body (RFC 9110 §8.4); undefined when it has none.
 *
 * @throws DomainError `unsupported_encoding`
 */
function encodingOf(header: string | undefined): string | undefined {
  const name = header?.trim().toLowerCase() ?? '';
  if (name === '' || name === 'identity') return undefined;
  if (decoders.has(name)) return name;
  throw new DomainError(
    'unsupported_encoding',
    `Content-Encoding must be gzip, deflate or br, or absent (got ${JSON.stringify(name.slice(0, 60))})`,
    { param: 'Content-Encoding' },
  );
}

function bodyTooLarge(limit: number): DomainError {
  return new DomainError('body_too_large', `the body must have at most ${limit} bytes`);
}

export type BodyType = 'application/json' | 'multipart/form-data';

const utf8: readonly string[] = ['utf-8', 'utf8', 'us-ascii'];

/**
 * Checks the headers of a body before any of it is read.
 *
 * @throws DomainError `invalid_content_type` for another type or none; `invalid_request` for text that
 *   is not UTF-8; `unsupported_encoding`; `body_too_large`
 */
export function requireBody(request: FastifyRequest, allowed: readonly BodyType[]): void {
  const { headers, routeOptions } = request;
  const sent = headers['content-type'] ?? '';
  const mediaType = (sent.split(';', 1)[0] ?? '').trim().toLowerCase();
  if (!allowed.some((type) => type === mediaType)) {
    throw new DomainError('invalid_content_type', fixedMessages.invalidContentType, { param: 'Content-Type' });
  }
  requireUtf8(sent);
  encodingOf(headers['content-encoding']);
  const { bodyLimit = Number.POSITIVE_INFINITY } = routeOptions;
  if (Number(headers['content-length'] ?? 0) > bodyLimit) throw bodyTooLarge(bodyLimit);
}

function requireUtf8(contentType: string): void {
  const charset = /;\s*charset\s*=\s*"?(?<name>[^";\s]*)/i.exec(contentType)?.groups?.name;
  if (charset === undefined || utf8.includes(charset.toLowerCase())) return;
  throw new DomainError('invalid_request', `the body must be UTF-8 (got charset=${charset.slice(0, 60)})`, {
    param: 'Content-Type',
  });
}
