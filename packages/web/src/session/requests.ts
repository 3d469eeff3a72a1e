import { EaselConnectionError, EaselError } from '@easel/client';
import { useCallback, useEffect, useState } from 'react';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5000;

export interface Loaded<Reply> {
  /** The latest reply. */
  readonly reply: Reply | undefined;
  /** Why there is no reply, or no newer one. */
  readonly problem: string | undefined;
  /** Sends the request again at once. */
  readonly retry: () => void;
}

/** Loads what a view needs before it can show anything. @param ask must be stable: a new function sends a new request */
export function useLoaded<Reply>(ask: (signal: AbortSignal) => Promise<Reply>): Loaded<Reply> {
  const [reply, setReply] = useState<Reply>();
  const [problem, setProblem] = useState<string>();
  const [attempt, setAttempt] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `attempt` sends the request again
  useEffect(() => {
    const unmount = new AbortController();
    const report = (error: unknown) => setProblem(messageOf(error));
    retryUntilAnswered(ask, unmount.signal, report).then(
      (found) => {
        setReply(() => found);
        setProblem(undefined);
      },
      (error: unknown) => {
        if (!unmount.signal.aborted) report(error);
      },
    );
    return () => unmount.abort();
  }, [ask, attempt]);
  const retry = useCallback(() => setAttempt((before) => before + 1), []);
  return { reply, problem, retry };
}

const TYPING_PAUSE_MS = 250;

/**
 * The reply to a question that changes while the user types: sent once typing pauses. Undefined until this very question is answered: the price of
 * another one would be charged wrongly.
 *
 * @param attempt asks again; the last reply holds meanwhile
 */
export function useDebouncedReply<Reply>(
  question: string,
  ask: (signal: AbortSignal) => Promise<Reply>,
  attempt = 0,
): Reply | undefined {
  const [latest, setLatest] = useState<{ readonly question: string; readonly reply: Reply }>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: `question` contains everything that `ask` depends on
  useEffect(() => {
    const unmount = new AbortController();
    const timer = setTimeout(() => {
      retryUntilAnswered(ask, unmount.signal).then(
        (reply) => {
          if (!unmount.signal.aborted) setLatest({ question, reply });
        },
        () => {
          if (!unmount.signal.aborted) setLatest(undefined); // only a hint: not shown when it is not available
        },
      );
    }, TYPING_PAUSE_MS);
    return () => {
      clearTimeout(timer);
      unmount.abort();
    };
  }, [question, attempt]);
  return latest?.question === question ? latest.reply : undefined;
}

/** The value, or while there is none the one before it: for what nobody pays for, and what would blink while the user types. */
export function useLastKnown<Value>(value: Value | undefined): Value | undefined {
  const [last, setLast] = useState(value);
  if (value === undefined || Object.is(value, last)) return last;
  setLast(() => value);
  return value;
}

/**
 * Sends a request, and again for as long as the server is unreachable or unavailable, so that a page opened during an outage loads
 * once the server is back. Retries at once when the browser comes online or the tab becomes visible.
 *
 * @param onFailure called for each failure that is going to be retried
 * @throws an error that a retry will not change, or the signal's reason
 */
export async function retryUntilAnswered<Reply>(
  ask: (signal: AbortSignal) => Promise<Reply>,
  signal: AbortSignal,
  onFailure: (error: unknown) => void = () => {},
): Promise<Reply> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)) {
    try {
      return await ask(signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!isTemporary(error)) throw error;
      onFailure(error);
      await pause(pauseMs, signal);
    }
  }
}

/** Whether the same request may succeed later. */
function isTemporary(error: unknown): boolean {
  if (error instanceof EaselError) return error.status === 429 || error.status >= 500;
  return error instanceof EaselConnectionError;
}

/** Shorter when the browser comes online or the tab becomes visible. @throws the signal's reason */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      window.removeEventListener('online', end);
      document.removeEventListener('visibilitychange', end);
      if (signal.aborted) reject(signal.reason);
      else resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end);
    window.addEventListener('online', end);
    document.addEventListener('visibilitychange', end);
  });
}

/** What went wrong and, where it is known, what to do about it. */
export function messageOf(error: unknown): string {
  if (error instanceof EaselError && error.code === 'rate_limited') {
    const wait = error.retryAfter === undefined ? 'in a minute' : `in ${error.retryAfter} seconds`;
    return `Rate limit exceeded. Retry ${wait}.`;
  }
  if ((error instanceof EaselError || error instanceof EaselConnectionError) && error.remedy !== undefined)
    return `${toSentence(error.message)} ${toSentence(error.remedy)}`;
  return toSentence(error instanceof Error ? error.message : String(error));
}

/** Adds a capital letter and a full stop. */
export function toSentence(text: string): string {
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}

/** Why the last attempt at something failed, in words; undefined: it did not. */
export function useAttempt() {
  const [problem, setProblem] = useState<string>();
  const attempt = async (work: () => Promise<void>) => {
    try {
      setProblem(undefined);
      await work();
    } catch (error) {
      setProblem(messageOf(error));
    }
  };
  return { problem, attempt };
}
