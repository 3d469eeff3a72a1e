const RECENT_MS = 1000;

/** Shares an answer for a second, because anybody may ask without a key and without a limit. */
export function recent<Answer>(ask: () => Promise<Answer>): () => Promise<Answer> {
  let answer: Promise<Answer> | undefined;
  return () => {
    if (answer === undefined) {
      const current = ask();
      const forget = () => {
        if (answer === current) answer = undefined;
      };
      current.then(() => setTimeout(forget, RECENT_MS).unref(), forget);
      answer = current;
    }
    return answer;
  };
}
