import type { Model } from '@easel/contract';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { messageOf } from '../format/message-of.ts';
import { Notice } from '../parts/notice.tsx';
import { pathOf } from '../parts/picture-path.ts';
import { defaultSettings } from '../playground/settings.ts';
import { useSession } from '../session/session.tsx';
import { SideFields } from './side-fields.tsx';
import { jobOfSide, newStudy, type Pair, type Side, type Study, storedStudy, storeStudy } from './study.ts';
import type { Vote } from './tally.ts';
import { TallyBox } from './tally-box.tsx';

const samplePrompts = `a red apple on a blue background
a fox in the forest
a rocket in space
a panda in the snow
a castle at sunset
two bananas on a purple background`;

/** Two settings, one list of prompts, equal seeds, and votes of somebody who does not know which is which. */
export function ArenaView() {
  const { client } = useSession();
  const [models, setModels] = useState<readonly Model[]>([]);
  const [sides, setSides] = useState<{ readonly a: Side; readonly b: Side }>();
  const [study, setStudy] = useState(storedStudy);
  const [problem, setProblem] = useState<string>();
  const working = useRef(new AbortController());

  useEffect(() => {
    const controller = new AbortController();
    working.current = controller;
    client.models({ signal: controller.signal }).then(
      (reply) => {
        setModels(reply.models);
        const [model] = reply.models;
        if (model === undefined) return;
        const { steps, guidanceScale, scheduler } = defaultSettings(model);
        const side: Side = { model: model.id, steps, guidanceScale, scheduler };
        setSides({ a: side, b: { ...side, steps: Math.max(1, Math.round(steps / 2)) } });
      },
      (error: unknown) => {
        if (!controller.signal.aborted) setProblem(messageOf(error));
      },
    );
    return () => controller.abort();
  }, [client]);

  const keep = (next: Study | undefined) => {
    setStudy(next);
    storeStudy(next);
  };
  const changePair = (index: number, part: Partial<Pair>) =>
    setStudy((before) => {
      if (before === undefined) return before;
      const next = {
        ...before,
        pairs: before.pairs.map((pair, place) => (place === index ? { ...pair, ...part } : pair)),
      };
      storeStudy(next);
      return next;
    });

  const paint = async (fresh: Study) => {
    const { signal } = working.current;
    try {
      for (const [index, pair] of fresh.pairs.entries()) {
        for (const side of ['a', 'b'] as const) {
          if (pair[side] !== undefined) continue;
          const job = await client.jobs.run(jobOfSide(pair, fresh[side]), {
            signal,
            idempotencyKey: crypto.randomUUID(),
          });
          changePair(index, { [side]: pathOf(job.images[0]?.url ?? '') });
        }
      }
    } catch (error) {
      if (!signal.aborted) setProblem(messageOf(error));
    }
  };
  // A study that was left before its pictures were made goes on.
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the view opens
  useEffect(() => {
    if (study?.pairs.some(({ a, b }) => a === undefined || b === undefined)) void paint(study);
  }, []);

  const begin = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const prompts = String(new FormData(event.currentTarget).get('prompts') ?? '')
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '');
    if (prompts.length === 0 || sides === undefined) return;
    const fresh = newStudy(sides.a, sides.b, prompts, crypto.getRandomValues(new Uint32Array(1))[0] ?? 0);
    setProblem(undefined);
    keep(fresh);
    void paint(fresh);
  };

  return (
    <div className="stack arena">
      <h1>Arena</h1>
      <p className="quiet">
        Each prompt is drawn with both settings and the same seed. You see the two pictures without knowing which is
        which, and choose.
      </p>
      {problem !== undefined && <Notice kind="error">{problem}</Notice>}
      {study === undefined && sides !== undefined && (
        <form className="card stack" onSubmit={begin}>
          <div className="halves">
            <SideFields title="A" models={models} side={sides.a} onChange={(a) => setSides({ ...sides, a })} />
            <SideFields title="B" models={models} side={sides.b} onChange={(b) => setSides({ ...sides, b })} />
          </div>
          <label className="field">
            Prompts, one a line
            <textarea name="prompts" rows={6} defaultValue={samplePrompts} />
          </label>
          <button type="submit" className="primary">
            Begin
          </button>
        </form>
      )}
      {study !== undefined && <Ballot study={study} onVote={(index, vote) => changePair(index, { vote })} />}
      {study !== undefined && (
        <>
          <TallyBox study={study} />
          <button type="button" onClick={() => keep(undefined)}>
            End this study and begin another
          </button>
        </>
      )}
    </div>
  );
}

function Ballot({ study, onVote }: { readonly study: Study; readonly onVote: (index: number, vote: Vote) => void }) {
  const index = study.pairs.findIndex(({ vote }) => vote === undefined);
  const pair = study.pairs[index];
  if (pair === undefined) return <p role="status">Every pair has your vote.</p>;
  const sides: readonly ('a' | 'b')[] = pair.isAFirst ? ['a', 'b'] : ['b', 'a'];
  const isReady = pair.a !== undefined && pair.b !== undefined;
  return (
    <section className="card stack" aria-label="Which is better?">
      <p className="prompt">{pair.prompt}</p>
      <div className="halves">
        {sides.map((side, place) => (
          <button
            key={side}
            type="button"
            className="picture ballot"
            disabled={!isReady}
            onClick={() => onVote(index, side)}
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
          {index + 1} of {study.pairs.length}
        </small>
        <button type="button" disabled={!isReady} onClick={() => onVote(index, 'tie')}>
          Neither
        </button>
      </div>
    </section>
  );
}
