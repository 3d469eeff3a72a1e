import { addressOf } from './address.ts';
import type { Call, ClientOptions } from './call.ts';
import { EaselConnectionError, EaselError, errorOfReply, remainingCreditsOf, unexpectedReply } from './errors.ts';
import { canRetry, pause, retryPause } from './retries.ts';

/** Sends requests with the key in a header, retries those that are safe to repeat, and turns error statuses into errors. */
export class Transport {
  readonly #baseUrl: string;
  readonly #apiKey: string | undefined;
  readonly #retries: number;
  readonly #longestPauseMs: number | undefined;
  readonly #fetch: typeof fetch;
  /** The balance, as of the last reply that contained it. */
  remainingCredits: number | undefined;

  constructor({ baseUrl = '', apiKey, retries = 2, longestPauseMs, fetch: send = fetch }: ClientOptions) {
    this.#baseUrl = baseUrl;
    this.#apiKey = apiKey;
    this.#retries = retries;
    this.#longestPauseMs = longestPauseMs;
    this.#fetch = (...request) => send(...request); // a browser's fetch must not be called with another `this`
  }

  /** @throws EaselError, EaselConnectionError, or the signal's reason */
  json<Reply>(path: string, call: Call = {}): Promise<Reply> {
    return this.receive(path, call, jsonOf<Reply>);
  }

  /** @returns a reply of status 200 to 299, with its body unread @throws as `json` */
  send(path: string, call: Call = {}): Promise<Response> {
    return this.receive(path, call, (reply) => reply);
  }

  /**
   * Sends a request and reads its reply.
   *
   * @param read reads a reply of status 200 to 299; an incomplete body counts as a lost connection
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
          attempt < this.#retries && canRetry(call) ? retryPause(failure, attempt, this.#longestPauseMs) : undefined;
        if (waitMs === undefined) throw failure;
        await pause(waitMs, call.signal);
      }
    }
  }

  /** Sends one request to any path, without retries; returns the reply as it is, error statuses included. @throws EaselConnectionError, or the signal's reason */
  async raw(path: string, call: Call = {}): Promise<Response> {
    const request = requestOf(call, this.#apiKey);
    try {
      return await this.#reply(`${this.#baseUrl.replace(/\/+$/, '')}${path}`, request);
    } catch (error) {
      throw this.failureOf(error, call.signal);
    }
  }

  /** Turns whatever was thrown into an error of this package. @throws the signal's reason if it is aborted */
  failureOf(error: unknown, signal?: AbortSignal): EaselError | EaselConnectionError {
    signal?.throwIfAborted();
    if (error instanceof EaselError || error instanceof EaselConnectionError) return error;
    // The part before the @ of an address may be a password.
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
    throw unexpectedReply(reply);
  }
}

/**
 * The options for `fetch`.
 *
 * @throws TypeError for a key that cannot be sent in a header, because the error of `fetch` itself would contain the key
 */
function requestOf(call: Call, apiKey: string | undefined): RequestInit {
  const { method = 'GET', body, signal, inFlight = signal, idempotencyKey, headers = {} } = call;
  if (apiKey !== undefined && !isSendable(apiKey)) {
    throw new TypeError(
      'the API key is empty or contains a character that is not allowed, such as a space or a line break',
    );
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
