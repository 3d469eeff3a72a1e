import type { Query } from './address.ts';

export interface ClientOptions {
  /** The address of the server, such as `http://127.0.0.1:8400`. In a browser the default is the page's own server. */
  readonly baseUrl?: string;
  /** Not needed where the browser sends a cookie instead. */
  readonly apiKey?: string | undefined;
  /** How often a request that is safe to repeat is retried. Default: 2. */
  readonly retries?: number;
  /** The longest pause before a retry, in milliseconds. Default: 30,000. */
  readonly longestPauseMs?: number;
  readonly fetch?: typeof fetch;
}

/** Options of every call. */
export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface WorkOptions extends CallOptions {
  /** Requests with the same key and body create one job and one charge, however often they are sent. */
  readonly idempotencyKey?: string | undefined;
}

export interface Call extends WorkOptions {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly parts?: Readonly<Record<string, string>>;
  readonly query?: Query;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Aborts a request in flight, instead of `signal`, which then only prevents retries. */
  readonly inFlight?: AbortSignal;
  /** A status of 400 or above whose JSON body is a regular reply. */
  readonly accepts?: number;
}
