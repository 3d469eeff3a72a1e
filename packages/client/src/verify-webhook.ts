import type { WebhookPayload } from '@easel/contract';

/** A request that is no webhook of the server whose secret it was checked with: answer it with 401. */
export class EaselWebhookError extends Error {
  override readonly name = 'EaselWebhookError';
}

export interface VerifyOptions {
  /** How many seconds the time of the signature may be from now, so that an old request cannot be repeated. Default: 300. */
  readonly toleranceSeconds?: number;
  /** Default: the time of this machine. */
  readonly now?: Date;
}

type SentHeaders = Headers | Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * Checks that a request is a webhook of the server, and reads it. The body must be that of the request, byte for byte: parsed and written
 * again it would not have the same signature. The signatures are those of Standard Webhooks; they are compared in constant time.
 *
 * @param secret of the endpoint; of jobs with a `webhook_url` that of the account
 * @throws EaselWebhookError
 * @example
 * const read = async (request: Request, secret: string) => verifyWebhook(request.headers, await request.text(), secret);
 */
export async function verifyWebhook(
  headers: SentHeaders,
  body: string | Uint8Array,
  secret: string,
  { toleranceSeconds = 300, now = new Date() }: VerifyOptions = {},
): Promise<WebhookPayload> {
  const [id, timestamp, signatures] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) =>
    headerOf(headers, name),
  );
  if (!id || !timestamp || !signatures) {
    throw new EaselWebhookError('the headers webhook-id, webhook-timestamp and webhook-signature are needed');
  }
  const age = /^\d{1,12}$/.test(timestamp) ? now.getTime() / 1000 - Number(timestamp) : Number.NaN;
  if (!(Math.abs(age) <= toleranceSeconds)) {
    throw new EaselWebhookError(`the time of the signature is not within ${toleranceSeconds} s of now`);
  }
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body;
  if (!(await isSigned([id, timestamp], bytes, signatures, await keyOf(secret)))) {
    throw new EaselWebhookError('the signature is not one of this secret and body');
  }
  return JSON.parse(new TextDecoder().decode(bytes));
}

async function isSigned(
  about: readonly string[],
  body: Uint8Array,
  signatures: string,
  key: CryptoKey,
): Promise<boolean> {
  const begin = new TextEncoder().encode(`${about.join('.')}.`);
  const signed = new Uint8Array(begin.length + body.length);
  signed.set(begin);
  signed.set(body, begin.length);
  // Of several, after a rotation of the secret, one is enough; other versions than v1 are skipped.
  for (const signature of signatures.split(' ')) {
    const [version, encoded = ''] = signature.split(',', 2);
    const bytes = version === 'v1' ? fromBase64(encoded) : undefined;
    if (bytes && (await crypto.subtle.verify('HMAC', key, bytes, signed))) return true;
  }
  return false;
}

function keyOf(secret: string): Promise<CryptoKey> {
  const bytes = fromBase64(secret.replace(/^whsec_/, ''));
  if (bytes === undefined || bytes.length === 0) throw new EaselWebhookError('the secret must be whsec_ and base64');
  return crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['verify']);
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}

function headerOf(headers: SentHeaders, name: string): string | undefined {
  if (headers instanceof Headers) return headers.get(name) ?? undefined;
  const [, value] = Object.entries(headers).find(([own]) => own.toLowerCase() === name) ?? [];
  return typeof value === 'string' ? value : value?.[0];
}
