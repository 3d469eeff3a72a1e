import { tailOf } from '../format/text.ts';
import { useAnswer } from '../session/requests.ts';
import { useSession } from '../session/session.tsx';

export interface TokenCountProps {
  readonly id: string;
  readonly text: string;
  readonly model: string;
}

/** More would push the form away. */
const MOST_PIECES = 5;

/** How much of the text the model reads, what it does not see, and what of it only other tools understand. */
export function TokenCount({ id, text, model }: TokenCountProps) {
  const { client } = useSession();
  const answer = useAnswer(`${model}\n${text}`, async (signal) =>
    text === '' ? undefined : client.tokenize({ text, model }, { signal }),
  );
  const worst = answer?.encoders.toSorted((a, b) => b.truncated.length - a.truncated.length)[0];
  if (worst === undefined || text === '') return <small id={id} className="tokens" />;
  const pieces = answer?.foreign_syntax.map((piece) => piece.text) ?? [];
  // The markers at both ends are tokens, too.
  const [count, limit] = [worst.count + 2, worst.limit + 2];
  return (
    <small id={id} className={worst.truncated === '' ? 'tokens quiet' : 'tokens wrong'}>
      {count} of {limit} tokens
      {worst.truncated !== '' && (
        <>
          ; not read: <mark>{tailOf(text, worst.truncated)}</mark>
        </>
      )}
      {pieces.length > 0 && (
        <span className="foreign">
          ; syntax of other tools, read as plain text: {pieces.slice(0, MOST_PIECES).join(', ')}
          {pieces.length > MOST_PIECES && ` and ${pieces.length - MOST_PIECES} more`}
        </span>
      )}
    </small>
  );
}
