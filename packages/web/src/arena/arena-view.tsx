import { ConfirmButton } from '../parts/buttons.tsx';
import { DrawnBy } from '../parts/model-name.tsx';
import { Notice, Trouble } from '../parts/notices.tsx';
import { useModels, useSession } from '../session/session.tsx';
import { Ballot } from './ballot.tsx';
import { isOpen, withoutLastVote, withPair } from './study.ts';
import { StudyForm } from './study-form.tsx';
import { TallyBox } from './tally-box.tsx';
import { useStudy } from './use-study.ts';

/** Two settings, one list of prompts, equal seeds, and votes of somebody who does not know which is which. */
export function ArenaView() {
  const { client } = useSession();
  const { reply: models = [], problem: unreached, again } = useModels();
  const { study, problem, begin, end, goOn, change, reveal } = useStudy(client);

  const [first] = models;
  const votes = study?.pairs.filter(({ vote }) => vote !== undefined).length ?? 0;
  return (
    <div className="stack arena">
      <h1>Arena</h1>
      <p className="quiet">
        Each prompt is drawn with both settings and the same seed. You see the two pictures without knowing which is
        which, and choose. After the last vote you see which was A and which was B.
      </p>
      <Trouble problem={unreached} again={again} />
      {first !== undefined && <DrawnBy model={first} />}
      {problem !== undefined && (
        <Notice kind="error">
          {problem}{' '}
          <button type="button" onClick={goOn}>
            Go on
          </button>
        </Notice>
      )}
      {study === undefined && first !== undefined && <StudyForm models={models} first={first} onBegin={begin} />}
      {study !== undefined && (
        <>
          {isOpen(study) ? (
            <TallyBox study={study} />
          ) : (
            <Ballot
              study={study}
              onVote={(index, vote) => change((now) => withPair(now, index, { vote }))}
              onTakeBack={() => change(withoutLastVote)}
            />
          )}
          <div className="row wrap">
            {!isOpen(study) && votes > 0 && (
              <ConfirmButton question="It ends the voting. Show?" onConfirm={reveal}>
                Show the result of {votes} {votes === 1 ? 'vote' : 'votes'}
              </ConfirmButton>
            )}
            <ConfirmButton
              question={
                votes === 0 ? 'Really end it?' : `Throw ${votes === 1 ? 'its vote' : `its ${votes} votes`} away?`
              }
              onConfirm={end}
            >
              End this study and begin another
            </ConfirmButton>
          </div>
        </>
      )}
    </div>
  );
}
