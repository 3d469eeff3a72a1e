import { useShortcuts } from '../shortcuts.ts';
import { isUndecided, type Pair, type Study, type Vote } from './study.ts';

export interface BallotProps {
  readonly study: Study;
  readonly onVote: (index: number, vote: Vote) => void;
  readonly onUndo: () => void;
}

type Side = 'a' | 'b';

/** The next pair without a vote; by mouse or arrow keys. */
export function Ballot({ study, onVote, onUndo }: BallotProps) {
  const index = study.pairs.findIndex(isUndecided);
  const pair = study.pairs[index];
  const isReady = pair?.a !== undefined && pair.b !== undefined;
  const sides: readonly [Side, Side] = pair?.isAFirst ? ['a', 'b'] : ['b', 'a'];
  const vote = (choice: Vote) => {
    if (isReady) onVote(index, choice);
  };
  const [left, right] = sides;
  useShortcuts({ voteLeft: () => vote(left), voteRight: () => vote(right), voteTie: () => vote('tie') });
  if (pair === undefined) return null;
  return (
    <section className="card stack" aria-label="Which is better?">
      <p className="prompt" dir="auto">
        {pair.prompt}
      </p>
      <Pictures pair={pair} sides={sides} isReady={isReady} onVote={vote} />
      <div className="row spread">
        <small className="quiet">
          {index + 1} of {study.pairs.length} · keys ← → and =
        </small>
        <div className="row">
          <button type="button" className="plain" disabled={index === 0} onClick={onUndo}>
            Undo last vote
          </button>
          <button type="button" disabled={!isReady} onClick={() => vote('tie')}>
            No difference
          </button>
        </div>
      </div>
    </section>
  );
}

interface PicturesProps {
  readonly pair: Pair;
  readonly sides: readonly [Side, Side];
  readonly isReady: boolean;
  readonly onVote: (vote: Vote) => void;
}

function Pictures({ pair, sides, isReady, onVote }: PicturesProps) {
  return (
    <div className="halves">
      {sides.map((side, index) => (
        <button
          key={side}
          type="button"
          className="picture ballot"
          disabled={!isReady}
          onClick={() => onVote(side)}
          aria-label={index === 0 ? 'Left is better' : 'Right is better'}
        >
          {isReady ? (
            <img src={pair[side]} alt={index === 0 ? 'Left' : 'Right'} />
          ) : (
            <span className="quiet">Generating…</span>
          )}
        </button>
      ))}
    </div>
  );
}
