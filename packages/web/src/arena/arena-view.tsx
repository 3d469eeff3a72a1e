import { ConfirmButton } from '../parts/buttons.tsx';
import { ModelNote } from '../parts/model-name.tsx';
import { LoadError } from '../parts/notices.tsx';
import { useModels, useSession } from '../session/session.tsx';
import { Ballot } from './ballot.tsx';
import { isOver, undoLastVote, updatePair } from './study.ts';
import { StudyForm } from './study-form.tsx';
import { TallyBox } from './tally-box.tsx';
import { useStudy } from './use-study.ts';

/** Blind voting between two settings: the same prompts and seeds, without knowing which is which. */
export function ArenaView() {
  const { client } = useSession();
  const models = useModels();
  const { study, problem, begin, end, retry, change, reveal } = useStudy(client);
  const first = models.reply?.[0];
  const votes = study?.pairs.filter(({ vote }) => vote !== undefined).length ?? 0;
  return (
    <div className="stack arena">
      <h1>Arena</h1>
      <p className="quiet">
        Blind comparison of two settings: each prompt is generated with both, with the same seed, and you vote without
        knowing which is which. The result is shown after the last vote.
      </p>
      <LoadError problem={models.problem} retry={models.retry} />
      {first !== undefined && <ModelNote model={first} />}
      <LoadError problem={problem} retry={retry} />
      {study === undefined && first !== undefined && (
        <StudyForm models={models.reply ?? []} first={first} onBegin={begin} />
      )}
      {study !== undefined && (
        <>
          {isOver(study) ? (
            <TallyBox study={study} />
          ) : (
            <Ballot
              study={study}
              onVote={(index, vote) => change((now) => updatePair(now, index, { vote }))}
              onUndo={() => change(undoLastVote)}
            />
          )}
          <div className="row wrap">
            {!isOver(study) && votes > 0 && (
              <ConfirmButton question="End voting and show the result?" onConfirm={reveal}>
                Show the result of {votes} {votes === 1 ? 'vote' : 'votes'}
              </ConfirmButton>
            )}
            <ConfirmButton
              question={votes === 0 ? 'Really start over?' : `Discard ${votes} ${votes === 1 ? 'vote' : 'votes'}?`}
              onConfirm={end}
            >
              Start a new comparison
            </ConfirmButton>
          </div>
        </>
      )}
    </div>
  );
}
