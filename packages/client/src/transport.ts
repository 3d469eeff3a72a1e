import { addressOf } from './address.ts';
import type { Call, ClientOptions } from './call.ts';
import { EaselConnectionError, EaselError, errorOfReply, remainingCreditsOf, strangeReply } from './errors.ts';
import { mayBeSentAgain, pause, pauseBefore } from './retries.ts';

/** Sends requests: with the key in a header, again where that can do no harm, and with refusals as errors. */
export class Transport {
  readonly #baseUrl: string;
  readonly #apiKey: string | undefined;
  readonly #retries: number;
  readonly #longestPauseMs: number | undefined;
  readonly #fetch: typeof fetch;
  /** What the account could spend after the last reply that told it. */
  remainingCredits: number | undefined;

  constructor({ baseUrl = '', apiKey, retries = 2, longestPauseMs, fetch: send = fetch }: ClientOptions) {
    this.#baseUrl = baseUrl;
    this.#apiKey = apiKey;
    this.#retries = retries;
    this.#longestPauseMs = longestPauseMs;
    this.#fetch = (...request) => send(...request); // a browser's fetch wants no `this`
  }

  /** @throws EaselError, EaselConnectionError, or the signal's reason */
  json<Reply>(path: string, call: Call = {}): Promise<Reply> {
    return this.receive(path, call, jsonOf<Reply>);
  }

  /** @returns a reply of status 200 to 299, its body unread @throws as `json` */
  send(path: string, call: Call = {}): Promise<Response> {
    return this.receive(path, call, (reply) => reply);
  }

  /**
   * Sends a request and reads its reply.
   *
   * @param read takes a reply of status 200 to 299; a body that breaks off is a connection that was lost
   * @throws as `json`
   */
  async receive<Value>(
    path: string,
    call: Call,
    read: (reply: Response) => Value | Promise<Value>,
  ): Promise<Awaited<Value>> {
    const address = addressOf(this.#baseUrl, path, call.parts, call.query);
    const request = requestOf(call, this.#apiKey);
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await read(await this.#answer(address, request, call.accepts));
      } catch (error) {
        const failure = this.failureOf(error, call.signal);
        const waitMs =
          attempt < this.#retries && mayBeSentAgain(call)
            ? pauseBefore(failure, attempt, this.#longestPauseMs)
            : undefined;
        if (waitMs === undefined) throw failure;
        await pause(waitMs, call.signal);
      }
    }
  }

  /** One request to any address, sent once; the reply as it is, refusals too. @throws EaselConnectionError, or the signal's reason */
  async raw(path: string, call: Call = {}): Promise<Response> {
    const request = requestOf(call, this.#apiKey);
    try {
      return await this.#reply(`${this.#baseUrl.replace(/\/+$/, '')}${path}`, request);
    } catch (error) {
      throw this.failureOf(error, call.signal);
    }
  }

  /** What was thrown, in the terms of this package. @throws the signal's reason once it is aborted */
  failureOf(error: unknown, signal?: AbortSignal): EaselError | EaselConnectionError {
    signal?.throwIfAborted();
    if (error instanceof EaselError || error instanceof EaselConnectionError) return error;
    // What stands before the @ of an address may be a password.
    const server = this.#baseUrl === '' ? 'the address of this page' : this.#baseUrl.replace(/\/\/[^/]*@/, '//');
    return new EaselConnectionError(server, error);
  }

  async #answer(address: string, request: RequestInit, accepts: number | undefined): Promise<Response> {
    const reply = await this.#reply(address, request);
    if (reply.ok || (reply.status === accepts && isJson(reply))) return reply;
    throw await errorOfReply(reply);
  }

  async #reply(address: string, request: RequestInit): Promise<Response> {
    const reply = await this.#fetch(address, request);
    this.remainingCredits = remainingCreditsOf(reply) ?? this.remainingCredits;
    return reply;
  }
}

function isJson(reply: Response): boolean {
  return reply.headers.get('content-type')?.startsWith('application/json') === true;
}

async function jsonOf<Value>(reply: Response): Promise<Value> {
  const text = await reply.text();
  try {
    return JSON.parse(text);
  } catch {
    throw strangeReply(reply);
  }
}

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
