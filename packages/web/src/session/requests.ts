import { EaselConnectionError, EaselError } from '@easel/client';
import { useCallback, useEffect, useState } from 'react';

export interface Loaded<Reply> {
  /** The latest answer. */
  readonly reply: Reply | undefined;
  /** Why there is none, or no newer one. */
  readonly problem: string | undefined;
  /** Asks at once. */
  readonly again: () => void;
}

/** What a view needs from the server before it can show anything. @param ask a stable function: another one asks anew */
export function useLoaded<Reply>(ask: (signal: AbortSignal) => Promise<Reply>): Loaded<Reply> {
  const [reply, setReply] = useState<Reply>();
  const [problem, setProblem] = useState<string>();
  const [turn, setTurn] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `turn` asks again
  useEffect(() => {
    const leaving = new AbortController();
    const tell = (error: unknown) => setProblem(messageOf(error));
    askUntilAnswered(ask, leaving.signal, tell).then(
      (found) => {
        setReply(() => found);
        setProblem(undefined);
      },
      (error: unknown) => {
        if (!leaving.signal.aborted) tell(error);
      },
    );
    return () => leaving.abort();
  }, [ask, turn]);
  const again = useCallback(() => setTurn((before) => before + 1), []);
  return { reply, problem, again };
}

/** The answer to a question that changes while somebody types: asked once typing pauses, and only the last one counts. */
export function useAnswer<Answer>(
  question: string,
  ask: (signal: AbortSignal) => Promise<Answer>,
  delayMs = 250,
): Answer | undefined {
  const [answer, setAnswer] = useState<{ readonly question: string; readonly answer: Answer }>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: `question` says all that `ask` depends on
  useEffect(() => {
    const leaving = new AbortController();
    const timer = setTimeout(() => {
      askUntilAnswered(ask, leaving.signal).then(
        (found) => {
          if (!leaving.signal.aborted) setAnswer({ question, answer: found });
        },
        () => {
          if (!leaving.signal.aborted) setAnswer(undefined); // a hint that cannot be had is not shown
        },
      );
    }, delayMs);
    return () => {
      clearTimeout(timer);
      leaving.abort();
    };
  }, [question, delayMs]);
  return answer?.answer;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 5000;

/**
 * Asks the server, and asks again for as long as it cannot be reached or cannot answer now: what was opened while it was away
 * is there when it is back. A browser that comes online again, or a tab that is looked at again, asks at once.
 *
 * @param onTrouble told of each failure that is not the last word
 * @throws a refusal that asking again will not change, or the signal's reason
 */
export async function askUntilAnswered<Reply>(
  ask: (signal: AbortSignal) => Promise<Reply>,
  signal: AbortSignal,
  onTrouble: (error: unknown) => void = () => {},
): Promise<Reply> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)) {
    try {
      return await ask(signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!isPassing(error)) throw error;
      onTrouble(error);
      await pause(pauseMs, signal);
    }
  }
}

/** Whether the same question may be answered later. */
function isPassing(error: unknown): boolean {
  return error instanceof EaselConnectionError || (error instanceof EaselError && isPassingStatus(error.status));
}

function isPassingStatus(status: number): boolean {
  return status === 429 || status >= 500;
}

/** @throws the signal's reason */
function pause(ms: number, signal: AbortSignal): Promise<void> {
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

/** What went wrong, for people; the server's own words already say what to do. */
export function messageOf(error: unknown): string {
  if (error instanceof EaselError) {
    if (error.code === 'rate_limited') {
      const wait = error.retryAfter === undefined ? 'in a minute' : `in ${error.retryAfter} seconds`;
      return `The rate limit of this key is exceeded. Try again ${wait}.`;
    }
    return error.remedy === undefined
      ? sentence(error.message)
      : `${sentence(error.message)} ${sentence(error.remedy)}`;
  }
  return sentence(error instanceof Error ? error.message : String(error));
}

/** With a capital, unless it begins with a name in quotes or a field of the API, and a full stop. */
export function sentence(text: string): string {
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}
