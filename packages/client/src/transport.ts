import { addressOf, type Query } from './address.ts';
import { errorOfReply } from './error-of-reply.ts';
import { EaselConnectionError, type EaselError } from './errors.ts';
import { pause } from './pause.ts';
import { remainingCreditsOf } from './remaining-credits.ts';

export interface ClientOptions {
  /** Where the server is, such as `http://127.0.0.1:8400`. In a browser it may be absent: the page's own server. */
  readonly baseUrl?: string;
  /** Absent where the browser sends a cookie instead. */
  readonly apiKey?: string;
  /** Times that a request is sent again when it can do no harm: 2 unless told otherwise. */
  readonly retries?: number;
  readonly fetch?: typeof fetch;
}

/** What every call takes. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface WorkOptions extends CallOptions {
  /** The same key with the same body makes one job and one charge, however often it is sent. */
  readonly idempotencyKey?: string | undefined;
}

export interface Call extends WorkOptions {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly parts?: Readonly<Record<string, string>>;
  readonly query?: Query;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 30_000;

/** Sends requests: with the key in a header, again where that can do no harm, and with refusals as errors. */
export class Transport {
  readonly #baseUrl: string;
  readonly #apiKey: string | undefined;
  readonly #retries: number;
  readonly #fetch: typeof fetch;
  /** What the account could spend after the last reply that told it. */
  remainingCredits: number | undefined;

  constructor({ baseUrl = '', apiKey, retries = 2, fetch: send = fetch }: ClientOptions) {
    this.#baseUrl = baseUrl;
    this.#apiKey = apiKey;
    this.#retries = retries;
    this.#fetch = (...request) => send(...request); // a browser's fetch wants no `this`
  }

  /** @throws EaselError, EaselConnectionError, or the signal's reason */
  async json<Reply>(path: string, call: Call = {}): Promise<Reply> {
    const reply = await this.send(path, call);
    try {
      return await reply.json();
    } catch (error) {
      throw this.#connectionError(error, call.signal);
    }
  }

  /** @returns a reply of status 200 to 299, its body unread @throws as `json` */
  async send(path: string, call: Call = {}): Promise<Response> {
    const address = addressOf(this.#baseUrl, path, call.parts, call.query);
    for (let attempt = 0; ; attempt += 1) {
      const outcome = await this.#attempt(address, call);
      if (outcome instanceof Response) return outcome;
      const waitMs = attempt < this.#retries && mayBeSentAgain(call) ? pauseBefore(outcome, attempt) : undefined;
      if (waitMs === undefined) throw outcome;
      await pause(waitMs, call.signal);
    }
  }

  async #attempt(address: string, call: Call): Promise<Response | EaselError | EaselConnectionError> {
    let reply: Response;
    try {
      reply = await this.#fetch(address, this.#requestOf(call));
    } catch (error) {
      return this.#connectionError(error, call.signal);
    }
    this.remainingCredits = remainingCreditsOf(reply) ?? this.remainingCredits;
    return reply.ok ? reply : errorOfReply(reply);
  }

  #requestOf({ method = 'GET', body, signal, idempotencyKey, headers = {} }: Call): RequestInit {
    return {
      method,
      headers: {
        ...headers,
        ...(this.#apiKey !== undefined && { 'x-api-key': this.#apiKey }),
        ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
    };
  }

  #connectionError(cause: unknown, signal: AbortSignal | undefined): EaselConnectionError {
    signal?.throwIfAborted();
    return new EaselConnectionError(this.#baseUrl === '' ? 'the address of this page' : this.#baseUrl, cause);
  }
}

/** Nothing can happen twice: it only reads, says what shall be, or the server knows the request by its idempotency key. */
function mayBeSentAgain({ method = 'GET', idempotencyKey }: Call): boolean {
  return method !== 'POST' || idempotencyKey !== undefined;
}

/** Milliseconds; undefined: another attempt would end the same. */
function pauseBefore(error: EaselError | EaselConnectionError, attempt: number): number | undefined {
  const growing = FIRST_PAUSE_MS * 2 ** attempt * (0.75 + Math.random() / 2);
  if (error instanceof EaselConnectionError) return growing;
  if (error.status !== 429 && error.status !== 502 && error.status !== 503 && error.status !== 504) return undefined;
  const asked = error.retryAfter === undefined ? growing : error.retryAfter * 1000;
  return asked <= LONGEST_PAUSE_MS ? asked : undefined;
}
