import type { Query } from './address.ts';

export interface ClientOptions {
  /** Where the server is, such as `http://127.0.0.1:8400`. In a browser it may be absent: the page's own server. */
  readonly baseUrl?: string;
  /** Absent where the browser sends a cookie instead. */
  readonly apiKey?: string | undefined;
  /** Times that a request is sent again when it can do no harm: 2 unless told otherwise. */
  readonly retries?: number;
  /** The longest pause before a request is sent again, in milliseconds: 30,000 unless told otherwise. */
  readonly longestPauseMs?: number;
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
  /** Ends a request that is under way, in place of `signal`, which then only keeps another one from being sent. */
  readonly inFlight?: AbortSignal;
  /** A status that is an answer in JSON although it is 400 or above. */
  readonly accepts?: number;
}
