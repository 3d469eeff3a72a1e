import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { systemCode } from '@easel/errors';
import { BlockedAddressError, type WebhookTargets } from './targets.ts';

/** Of the reply, in bytes: for whoever looks why an endpoint refuses. */
const KEPT_RESPONSE_BYTES = 1024;
const LONGEST_RETRY_AFTER_MS = 24 * 60 * 60 * 1000;

/** What came of an attempt. */
export interface AttemptOutcome {
  /** null: there was no reply. */
  readonly status: number | null;
  /** Why it counts as failed; null: it succeeded. */
  readonly error: string | null;
  /** The beginning of the reply. */
  readonly response: string | null;
  /** How long the endpoint asks to wait; null: it does not. */
  readonly retryAfterMs: number | null;
  readonly seconds: number;
}

export interface Message {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface AttemptOptions {
  readonly targets: WebhookTargets;
  /** For all of it, from the resolution of the name to the end of the reply. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly now: Date;
}

/** Sends a webhook once. Redirects are not followed: they count as failures. @throws the signal's reason */
export async function attemptDelivery(message: Message, options: AttemptOptions): Promise<AttemptOutcome> {
  const { signal, timeoutMs, now } = options;
  const began = performance.now();
  const outcome = (part: Omit<AttemptOutcome, 'seconds'>): AttemptOutcome => ({
    ...part,
    seconds: (performance.now() - began) / 1000,
  });
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const response = await send(message, options, AbortSignal.any([signal, timeout]));
    const text = await beginningOf(response);
    signal.throwIfAborted();
    const { statusCode: status = 0 } = response;
    const retryAfterMs = parseRetryAfter(response.headers['retry-after'], now);
    return outcome({ status, error: faultOfStatus(status), response: text, retryAfterMs });
  } catch (error) {
    signal.throwIfAborted();
    const reason = timeout.aborted ? `no reply within ${timeoutMs / 1000} s` : reasonOf(error);
    return outcome({ status: null, error: reason, response: null, retryAfterMs: null });
  }
}

function send(
  { url, headers, body }: Message,
  { targets }: AttemptOptions,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const target = new URL(url);
  // The setting may have changed since the address was taken.
  const fault = targets.faultOf(target);
  if (fault !== undefined) return Promise.reject(new BlockedAddressError(fault));
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const options = {
    method: 'POST',
    // Without an agent there is a new connection for each attempt, whose address is checked.
    agent: false,
    lookup: targets.lookup,
    signal,
    headers: {
      ...headers,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      'user-agent': 'Easel-Webhooks',
      'accept-encoding': 'identity',
      connection: 'close',
    },
  };
  const request = target.protocol === 'https:' ? requestHttps(target, options) : requestHttp(target, options);
  // It also fails when the reply is dropped before the body was taken; then there is a reply already.
  request.on('error', reject).on('response', resolve);
  // A reply of 101 is neither for Node.js: without these the attempt would have no end.
  request.on('upgrade', (_, socket) => {
    socket.destroy();
    reject(new ProtocolChangeError());
  });
  request.on('close', () => reject(new ClosedError()));
  request.end(body);
  return promise;
}

/** Reads no more of the reply than is kept, however much comes and however slowly: a reply that is cut off still has its status. */
async function beginningOf(response: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of response) {
      if (!(chunk instanceof Uint8Array)) continue;
      chunks.push(chunk);
      length += chunk.length;
      if (length >= KEPT_RESPONSE_BYTES) break;
    }
  } catch {
    // What has arrived is enough.
  } finally {
    response.destroy();
  }
  const bytes = Buffer.concat(chunks).subarray(0, KEPT_RESPONSE_BYTES);
  // PostgreSQL stores no U+0000 in a text; what is no UTF-8, or was cut, becomes U+FFFD.
  return bytes.toString('utf8').replaceAll('\0', '\uFFFD');
}

class ProtocolChangeError extends Error {
  override readonly message = 'it answered 101: it wants another protocol';
}

class ClosedError extends Error {
  override readonly message = 'the connection was closed before a reply';
}

function faultOfStatus(status: number): string | null {
  if (status >= 200 && status < 300) return null;
  if (status >= 300 && status < 400) return `it answered ${status}: redirects are not followed`;
  return status === 410 ? 'it answered 410 Gone' : `it answered ${status}`;
}

/** RFC 9110 §10.2.3: seconds, or a date. */
export function parseRetryAfter(value: string | undefined, now: Date): number | null {
  if (value === undefined) return null;
  // A date begins with a day of the week; `Date.parse` takes much else for one, too.
  const date = /^[A-Z][a-z]{2}/.test(value) ? Date.parse(value) : Number.NaN;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : date - now.getTime();
  return Number.isNaN(ms) ? null : Math.min(Math.max(0, ms), LONGEST_RETRY_AFTER_MS);
}

const UNKNOWN_AUTHORITY = 'its certificate is not from an authority that this server trusts';

const reasons = new Map([
  ['ECONNREFUSED', 'the connection was refused'],
  ['ECONNRESET', 'the connection was closed before a reply'],
  ['EPIPE', 'the connection was closed before a reply'],
  ['ETIMEDOUT', 'the connection timed out'],
  ['EHOSTUNREACH', 'the host cannot be reached'],
  ['ENETUNREACH', 'the network cannot be reached'],
  ['ENOTFOUND', 'the host name does not exist'],
  ['EAI_AGAIN', 'the host name could not be resolved'],
  ['EPROTO', 'no TLS connection could be agreed on'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'its certificate is for another host name'],
  ['CERT_HAS_EXPIRED', 'its certificate has expired'],
  ['CERT_NOT_YET_VALID', 'its certificate is not valid yet'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', UNKNOWN_AUTHORITY],
  ['SELF_SIGNED_CERT_IN_CHAIN', UNKNOWN_AUTHORITY],
  ['UNABLE_TO_GET_ISSUER_CERT', UNKNOWN_AUTHORITY],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', UNKNOWN_AUTHORITY],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', UNKNOWN_AUTHORITY],
]);

function reasonOf(error: unknown): string {
  const isOwn = error instanceof ProtocolChangeError || error instanceof ClosedError;
  if (isOwn || error instanceof BlockedAddressError) return error.message;
  // A connection that is tried at several addresses fails with an error for each.
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  const code = systemCode(first) ?? '';
  return reasons.get(code) ?? `the connection failed (${code === '' ? 'unknown reason' : code})`;
}
