import type { Call } from './call.ts';

/**
 * What `fetch` is given.
 *
 * @throws TypeError for a key that no header can carry: what `fetch` itself would say of it has the key in it
 */
export function requestOf(call: Call, apiKey: string | undefined): RequestInit {
  const { method = 'GET', body, signal, inFlight = signal, idempotencyKey, headers = {} } = call;
  if (apiKey !== undefined && !isSendable(apiKey)) {
    throw new TypeError('the API key is empty or has a character that no key has, such as a space or a line break');
  }
  if (idempotencyKey !== undefined && !isSendable(idempotencyKey.replaceAll(' ', ''))) {
    throw new TypeError(
      `idempotencyKey must be printable ASCII characters, at least one (got ${JSON.stringify(idempotencyKey)})`,
    );
  }
  return {
    method,
    headers: {
      ...headers,
      ...(apiKey !== undefined && { 'x-api-key': apiKey }),
      ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(inFlight && { signal: inFlight }),
  };
}

function isSendable(text: string): boolean {
  return /^[!-~]+$/.test(text);
}
