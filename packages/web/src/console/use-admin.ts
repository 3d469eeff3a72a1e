import { useCallback, useEffect, useState } from 'react';
import { messageOf } from '../format/message-of.ts';

/** What an administrator's call answers, asked again every few seconds. */
export function useAdmin<Reply>(ask: (signal: AbortSignal) => Promise<Reply>, everyMs = 3000) {
  const [reply, setReply] = useState<Reply>();
  const [unseen, setUnseen] = useState<string>();
  const [undone, setUndone] = useState<string>();
  const [turn, setTurn] = useState(0);
  const [isBusy, setBusy] = useState(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `turn` asks anew after a change
  useEffect(() => {
    const leaving = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    const look = () =>
      ask(leaving.signal)
        .then(
          (found) => {
            setReply(found);
            setUnseen(undefined);
          },
          (error: unknown) => {
            if (!leaving.signal.aborted) setUnseen(messageOf(error));
          },
        )
        .finally(() => {
          if (!leaving.signal.aborted) timer = setTimeout(() => void look(), everyMs);
        });
    void look();
    return () => {
      clearTimeout(timer);
      leaving.abort();
    };
  }, [ask, everyMs, turn]);
  const again = useCallback(() => setTurn((before) => before + 1), []);
  /** Does something and looks at what became of it; meanwhile it is busy, so that a double click does it once. */
  const act = useCallback(
    async (work: () => Promise<unknown>) => {
      setBusy(true);
      try {
        await work();
        setUndone(undefined);
        again();
      } catch (error) {
        setUndone(messageOf(error));
      } finally {
        setBusy(false);
      }
    },
    [again],
  );
  return { reply, problem: undone ?? unseen, act, isBusy };
}
