import { ConfirmButton } from '../parts/buttons.tsx';
import { lazyView } from '../parts/lazy-view.tsx';
import { ModelNote } from '../parts/model-name.tsx';
import { LoadError } from '../parts/notices.tsx';
import { Tabs } from '../parts/tabs.tsx';
import { addressOf, useRoute } from '../router.ts';
import { useModels, useSession } from '../session/session.tsx';
import { Ballot } from './ballot.tsx';
import { isOver, undoLastVote, updatePair } from './study.ts';
import { StudyForm } from './study-form.tsx';
import { TallyBox } from './tally-box.tsx';
import { useStudy } from './use-study.ts';

const SheetView = lazyView(() => import('./sheet/sheet-view.tsx').then((module) => module.SheetView));

/** Comparisons of settings: blind voting, and sheets in which two of them vary. */
export function ArenaView() {
  const { part } = useRoute();
  const isSheet = part === 'sheet';
  return (
    <div className={isSheet ? 'stack' : 'stack arena'}>
      <h1>Arena</h1>
      <Tabs
        label="Arena"
        tabs={[
          { address: addressOf('arena'), title: 'Blind vote', isCurrent: !isSheet },
          { address: addressOf('arena', {}, 'sheet'), title: 'X/Y sheet', isCurrent: isSheet },
        ]}
      />
      {isSheet ? <SheetView /> : <BlindVote />}
    </div>
  );
}

/** Blind voting between two settings: the same prompts and seeds, without knowing which is which. */
function BlindVote() {
  const { client } = useSession();
  const models = useModels();
  const { study, problem, begin, end, retry, change, reveal } = useStudy(client);
  const first = models.reply?.[0];
  const votes = study?.pairs.filter(({ vote }) => vote !== undefined).length ?? 0;
  return (
    <>
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
    </>
  );
}
