import { useEffect, useRef } from 'react';
import type { Vote } from './study.ts';
import { isUndecided, type Study } from './study.ts';

export interface BallotProps {
  readonly study: Study;
  readonly onVote: (index: number, vote: Vote) => void;
  readonly onTakeBack: () => void;
}

/** The next pair without a vote, by mouse or by arrow keys. */
export function Ballot({ study, onVote, onTakeBack }: BallotProps) {
  const index = study.pairs.findIndex(isUndecided);
  const pair = study.pairs[index];
  const isReady = pair?.a !== undefined && pair.b !== undefined;
  const sides: readonly ('a' | 'b')[] = pair?.isAFirst ? ['a', 'b'] : ['b', 'a'];
  const vote = (choice: Vote | undefined) => {
    if (isReady && choice !== undefined) onVote(index, choice);
  };
  const latest = useRef(vote);
  latest.current = vote;
  const order = sides.join('');
  useEffect(() => {
    const choices = new Map<string, Vote>([
      ['ArrowLeft', order === 'ab' ? 'a' : 'b'],
      ['ArrowRight', order === 'ab' ? 'b' : 'a'],
      ['=', 'tie'],
    ]);
    const onKey = (event: KeyboardEvent) => {
      const isShortcut = event.altKey || event.ctrlKey || event.metaKey;
      const isElsewhere = document.querySelector('dialog[open]') !== null;
      if (event.repeat || isShortcut || isElsewhere || !choices.has(event.key)) return;
      event.preventDefault();
      latest.current(choices.get(event.key));
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, [order]);
  if (pair === undefined) return null;
  return (
    <section className="card stack" aria-label="Which is better?">
      <p className="prompt" dir="auto">
        {pair.prompt}
      </p>
      <div className="halves">
        {sides.map((side, place) => (
          <button
            key={side}
            type="button"
            className="picture ballot"
            disabled={!isReady}
            onClick={() => vote(side)}
            aria-label={place === 0 ? 'The left one is better' : 'The right one is better'}
          >
            {isReady ? (
              <img src={pair[side]} alt={place === 0 ? 'Left' : 'Right'} />
            ) : (
              <span className="quiet">Being made…</span>
            )}
          </button>
        ))}
      </div>
      <div className="row spread">
        <small className="quiet">
          {index + 1} of {study.pairs.length} · keys ← → and =
        </small>
        <div className="row">
          <button type="button" className="plain" disabled={index === 0} onClick={onTakeBack}>
            Take the last vote back
          </button>
          <button type="button" disabled={!isReady} onClick={() => vote('tie')}>
            No difference
          </button>
        </div>
      </div>
    </section>
  );
}
