import { useCallback, useEffect, useState } from 'react';
import { messageOf } from '../format/message-of.ts';
import { askUntilAnswered } from './ask-until-answered.ts';

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
