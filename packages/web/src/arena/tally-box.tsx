import { type Model, samplerLabel } from '@easel/contract';
import { useState } from 'react';
import { modelNameOf } from '../parts/model-name.tsx';
import { Overlay } from '../parts/overlay.tsx';
import { useModels } from '../session/session.tsx';
import type { Pair, Side, Study } from './study.ts';
import { tallyOf, type Vote, verdictOf } from './study.ts';

const percent = (share: number) => `${Math.round(share * 100)} %`;
/** For CSS, without a space. */
const cssPercent = (share: number) => `${share * 100}%`;
const voteNames: Readonly<Record<Vote, string>> = { a: 'A', b: 'B', tie: 'no difference' };

/** The result, shown once the voting is over, because it reveals which setting is which. */
export function TallyBox({ study }: { readonly study: Study }) {
  const { reply: models = [] } = useModels();
  const voted = study.pairs.filter(({ vote }) => vote !== undefined);
  const failed = study.pairs.filter(({ failure }) => failure !== undefined);
  const tally = tallyOf(voted.flatMap(({ vote }) => (vote === undefined ? [] : [vote])));
  return (
    <section className="card stack" aria-label="Result">
      <h2>{verdictOf(tally)}</h2>
      {failed.length > 0 && (
        <p className="wrong">Failed: {failed.map(({ prompt, failure }) => `${prompt} (${failure})`).join(', ')}</p>
      )}
      {voted.length + failed.length === study.pairs.length && <p role="status">Voting complete.</p>}
      {tally.share !== null && (
        <>
          <div
            className="interval"
            role="img"
            aria-label={`A has ${percent(tally.share)} of the votes, between ${percent(tally.low)} and ${percent(tally.high)} with 95 % confidence`}
          >
            <span className="range" style={{ left: cssPercent(tally.low), right: cssPercent(1 - tally.high) }} />
            <span className="point" style={{ left: cssPercent(tally.share) }} />
          </div>
          <p>
            A {tally.a}, B {tally.b}, no difference {tally.ties}. A has {percent(tally.share)} (95 % confidence:{' '}
            {percent(tally.low)} to {percent(tally.high)}
            ), counting each “no difference” as half a vote.
          </p>
        </>
      )}
      <p className="quiet">
        A: {describeSide(study.a, models)}. B: {describeSide(study.b, models)}.
      </p>
      <ul className="pairs" aria-label="Pairs">
        {voted.map((pair) => (
          <VotedPair key={pair.seed} pair={pair} />
        ))}
      </ul>
    </section>
  );
}

/** A pair and its vote; a click shows its pictures side by side, as large as the window allows. */
function VotedPair({ pair }: { readonly pair: Pair }) {
  const [isOpen, setOpen] = useState(false);
  const { prompt, seed, vote } = pair;
  const sides = (['a', 'b'] as const).flatMap((side) =>
    pair[side] === undefined ? [] : [[side, pair[side]] as const],
  );
  return (
    <li>
      <p dir="auto">{prompt}</p>
      {sides.map(([side, path]) => (
        <button
          key={side}
          type="button"
          className={vote === side ? 'picture chosen' : 'picture'}
          aria-label={`Enlarge ${voteNames[side]}: ${prompt}`}
          onClick={() => setOpen(true)}
        >
          <img src={path} alt={`Generated with ${voteNames[side]}`} loading="lazy" />
          {voteNames[side]}
        </button>
      ))}
      <small>
        <span className="quiet">Your vote:</span> {vote !== undefined && voteNames[vote]}
      </small>
      {isOpen && (
        <Overlay label={prompt} className="card pair" onClose={() => setOpen(false)}>
          <h2 dir="auto">{prompt}</h2>
          <div className="halves">
            {sides.map(([side, path]) => (
              <figure key={side}>
                <img src={path} alt={`Enlarged, generated with ${voteNames[side]}`} />
                <figcaption>
                  {voteNames[side]}
                  {vote === side && ', your vote'}
                </figcaption>
              </figure>
            ))}
          </div>
          <small className="quiet">Seed {seed}</small>
        </Overlay>
      )}
    </li>
  );
}

function describeSide(
  { model, steps, guidanceScale, scheduler, profile, note }: Side,
  models: readonly Model[],
): string {
  const count = steps === 1 ? '1 step' : `${steps} steps`;
  const name = modelNameOf({ model, drawn_by: null }, models);
  const computed = profile === undefined || profile === 'exact' ? '' : `, profile ${profile}`;
  return `${name === model ? model : `${model} (${name})`}, ${count}, guidance ${guidanceScale}, ${samplerLabel(scheduler)}${computed}${note === undefined ? '' : ` (${note})`}`;
}
