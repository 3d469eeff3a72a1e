import { schedulerNames } from '../format/scheduler-names.ts';
import { ScrollBox } from '../parts/scroll-box.tsx';
import type { Side, Study } from './study.ts';
import { tallyOf, type Vote, verdictOf } from './tally.ts';

const percent = (share: number) => `${Math.round(share * 100)} %`;
const voteNames: Readonly<Record<Vote, string>> = { a: 'A', b: 'B', tie: 'no difference' };

/** The result, once no more votes are to come: who sees it knows which setting is which. */
export function TallyBox({ study }: { readonly study: Study }) {
  const voted = study.pairs.filter(({ vote }) => vote !== undefined);
  const failed = study.pairs.filter(({ failure }) => failure !== undefined);
  const tally = tallyOf(voted.flatMap(({ vote }) => (vote === undefined ? [] : [vote])));
  return (
    <section className="card stack" aria-label="The votes">
      <h2>{verdictOf(tally)}</h2>
      {failed.length > 0 && (
        <p className="wrong">
          Without pictures: {failed.map(({ prompt, failure }) => `${prompt} (${failure})`).join(', ')}
        </p>
      )}
      {voted.length + failed.length === study.pairs.length && <p role="status">Every pair has your vote.</p>}
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
            A {tally.a}, B {tally.b}, no difference {tally.ties}. A has {percent(tally.share)} (95 % confidence:{' '}
            {percent(tally.low)} to {percent(tally.high)}
            ), no difference counting half for each.
          </p>
        </>
      )}
      <p className="quiet">
        A: {described(study.a)}. B: {described(study.b)}.
      </p>
      <ScrollBox>
        <table>
          <thead>
            <tr>
              <th>Prompt</th>
              <th>A</th>
              <th>B</th>
              <th>Your vote</th>
            </tr>
          </thead>
          <tbody>
            {voted.map(({ prompt, seed, a, b, vote }) => (
              <tr key={seed}>
                <td>{prompt}</td>
                <td>{a !== undefined && <img src={a} alt="Drawn with A" className="thumbnail" />}</td>
                <td>{b !== undefined && <img src={b} alt="Drawn with B" className="thumbnail" />}</td>
                <td>{vote !== undefined && voteNames[vote]}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollBox>
    </section>
  );
}

function described({ model, steps, guidanceScale, scheduler }: Side): string {
  const count = steps === 1 ? '1 step' : `${steps} steps`;
  return `${model}, ${count}, guidance ${guidanceScale}, ${schedulerNames[scheduler]}`;
}
