import { useEffect, useState } from 'react';
import { askUntilAnswered } from '../session/ask-until-answered.ts';

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
