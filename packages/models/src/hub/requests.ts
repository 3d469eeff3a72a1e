import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '@easel/errors';

/** How often in a row a request may fail without bringing a single byte. */
const ATTEMPTS = 6;
const RETRY_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** A server that asks for a longer pause is not waited for. */
const LONGEST_WAIT_MS = 300_000;
/** A connection that brings nothing for so long is taken for dead. */
const SILENCE_MS = 60_000;
export const MAX_REDIRECTS = 5;

/** Another attempt may succeed. */
export class Interrupted extends Error {
  /** How long the server asks to wait. */
  readonly waitMs: number | undefined;

  constructor(message: string, options: { readonly cause?: unknown; readonly waitMs?: number | undefined } = {}) {
    super(message, { cause: options.cause });
    this.waitMs = options.waitMs;
  }
}

/**
 * One request. Redirects are not followed: whoever follows them decides what goes where.
 *
 * @throws Interrupted if the connection fails, or the server says that a later attempt may succeed
 */
export async function requestOnce(
  address: URL,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Response> {
  const reply = await fetch(address, { headers: { ...headers }, signal, redirect: 'manual' }).catch(
    (thrown: unknown) => {
      signal.throwIfAborted();
      throw new Interrupted(networkReason(thrown), { cause: thrown });
    },
  );
  const { status } = reply;
  if (status < 500 && ![408, 425, 429].includes(status)) return reply;
  await reply.body?.cancel();
  throw new Interrupted(answerOf(reply), { waitMs: waitOf(reply) });
}

export interface PauseOptions {
  readonly signal: AbortSignal;
  /** The first pause; it doubles. */
  readonly retryMs?: number | undefined;
}

/**
 * Waits before the next attempt, as long as the server asks, or longer each time.
 *
 * @param failures in a row
 * @param giveUp makes the error that is thrown once there were too many, or if the server asks for too long (`minutes`)
 */
export async function pauseAfter(
  failures: number,
  interrupted: Interrupted,
  { retryMs = RETRY_MS, signal }: PauseOptions,
  giveUp: (interrupted: Interrupted, minutes: number | undefined) => Error,
): Promise<void> {
  const { waitMs = 0 } = interrupted;
  if (waitMs > LONGEST_WAIT_MS) throw giveUp(interrupted, Math.ceil(waitMs / 60_000));
  if (failures >= ATTEMPTS) throw giveUp(interrupted, undefined);
  const growing = Math.min(LONGEST_PAUSE_MS, retryMs * 2 ** (failures - 1));
  await sleep(Math.max(waitMs, growing), undefined, { signal });
}

/** Where a reply redirects to; undefined: it does not. */
export function redirectOf({ status, headers }: Response, from: URL): URL | undefined {
  const location = headers.get('location');
  if (status < 300 || status >= 400 || location === null) return undefined;
  const next = URL.parse(location, from.href);
  // An encrypted connection is not left for an open one.
  const isUsable =
    next !== null && (next.protocol === 'https:' || (next.protocol === 'http:' && from.protocol === 'http:'));
  return isUsable ? next : undefined;
}

/** Aborts a request that has brought nothing for a minute. */
export class Silence implements Disposable {
  readonly #controller = new AbortController();
  readonly #timer = setTimeout(() => {
    this.#controller.abort(new Interrupted(`nothing was received for ${SILENCE_MS / 1000} s`));
  }, SILENCE_MS);
  readonly signal: AbortSignal;

  constructor(outer: AbortSignal) {
    this.signal = AbortSignal.any([outer, this.#controller.signal]);
  }

  /** Something was received. */
  end(): void {
    this.#timer.refresh();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}

/** Why a request failed: `fetch` itself says only that it did, and the system's reason is its cause. */
export function networkReason(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  return thrown.cause === undefined ? thrown.message : `${thrown.message} (${messageOf(thrown.cause)})`;
}

export function answerOf({ status, statusText }: Response): string {
  return `the server answered ${status} ${statusText}`.trimEnd();
}

/** `Retry-After` in seconds or as a date (RFC 9110, section 10.2.3). */
function waitOf({ headers }: Response): number | undefined {
  const text = headers.get('retry-after');
  if (text === null) return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}
