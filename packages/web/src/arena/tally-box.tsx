import type { Side, Study } from './study.ts';
import { tallyOf, verdictOf } from './tally.ts';

const percent = (share: number) => `${Math.round(share * 100)} %`;

/** The votes so far. Which setting is which is told here only, below the pictures. */
export function TallyBox({ study }: { readonly study: Study }) {
  const tally = tallyOf(study.pairs.flatMap(({ vote }) => (vote === undefined ? [] : [vote])));
  return (
    <section className="card stack" aria-label="The votes">
      <h2>{verdictOf(tally)}</h2>
      {tally.share !== null && (
        <>
          <div
            className="interval"
            role="img"
            aria-label={`A has ${percent(tally.share)} of the votes, between ${percent(tally.low)} and ${percent(tally.high)} with 95 % confidence`}
          >
            <span className="range" style={{ left: percent(tally.low), right: percent(1 - tally.high) }} />
            <span className="point" style={{ left: percent(tally.share) }} />
          </div>
          <p>
            A {tally.a}, B {tally.b}, neither {tally.ties}. A has {percent(tally.share)} (95 % confidence:{' '}
            {percent(tally.low)} to {percent(tally.high)}
            ), a tie counting half for each.
          </p>
        </>
      )}
      <p className="quiet">
        A: {described(study.a)}. B: {described(study.b)}.
      </p>
    </section>
  );
}

function described({ model, steps, guidanceScale, scheduler }: Side): string {
  return `${model}, ${steps} steps, guidance ${guidanceScale}, ${scheduler}`;
}
