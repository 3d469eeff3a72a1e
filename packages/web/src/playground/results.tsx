import type { JobCreate } from '@easel/contract';
import { useEffect, useState } from 'react';
import { credits } from '../format/text.ts';
import { Link } from '../parts/buttons.tsx';
import { FactLine } from '../parts/facts.tsx';
import { modelNameOf } from '../parts/model-name.tsx';
import { PictureGrid } from '../parts/picture-grid.tsx';
import { addressOf } from '../router.ts';
import { isOver, type Run, statusOf } from '../runs/run.ts';
import { useRuns } from '../runs/runs.tsx';
import { useModels } from '../session/session.tsx';
import type { Settings } from '../settings/settings.ts';

const ideas = [
  'a red apple on a blue background',
  'a panda in the snow',
  'line art of a guitar',
  'two sunflowers under a blue sky',
  'a rocket in space',
  'a fox in the forest',
];

export interface ResultsProps {
  readonly onUse: (settings: Partial<Settings>) => void;
  readonly onMake: (request: JobCreate) => void;
  readonly onPrompt: (prompt: string) => void;
}

export function Results({ onUse, onMake, onPrompt }: ResultsProps) {
  const { runs } = useRuns();
  return (
    <section className="results" aria-label="Pictures">
      {runs.length === 0 ? (
        <div className="empty">
          <p>Type a prompt and press Enter. For a start:</p>
          <ul className="ideas">
            {ideas.map((idea) => (
              <li key={idea}>
                <button type="button" onClick={() => onPrompt(idea)}>
                  {idea}
                </button>
              </li>
            ))}
          </ul>
          <p>
            <Link href={addressOf('history')}>See earlier pictures</Link>
          </p>
        </div>
      ) : (
        runs.map((run) => <RunCard key={run.key} run={run} onUse={onUse} onMake={onMake} />)
      )}
    </section>
  );
}

export interface RunCardProps {
  readonly run: Run;
  readonly onUse: (settings: Partial<Settings>) => void;
  readonly onMake: (request: JobCreate) => void;
}

/** Where it is, in words; the time that is left goes down between two messages of the server. */
function RunState({ run }: { readonly run: Run }) {
  const { isConnected } = useRuns();
  const [now, setNow] = useState(Date.now);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what the server says counts from now
  useEffect(() => {
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [run]);
  return <small className={isConnected ? 'quiet' : 'wrong'}>{statusOf(run, now, isConnected)}</small>;
}

/** A job from the press of the button to its pictures. */
export function RunCard({ run, onUse, onMake }: RunCardProps) {
  const { cancel, dismiss } = useRuns();
  const { reply: models = [] } = useModels();
  const { request, phase, job, preview, previews, step, problem } = run;
  return (
    <article className={`card run-card ${phase}`} aria-busy={!isOver(run)} data-phase={phase} data-previews={previews}>
      <header className="row">
        <p className="prompt" dir="auto" title={request.prompt}>
          {request.prompt}
        </p>
        {isOver(run) ? (
          <button
            type="button"
            className="plain"
            aria-label={`Take this off the page: ${request.prompt}`}
            onClick={() => dismiss(run)}
          >
            ✕
          </button>
        ) : (
          <button
            type="button"
            aria-label={`Cancel: ${request.prompt}`}
            onClick={() => cancel(run)}
            disabled={job === undefined}
          >
            Cancel
          </button>
        )}
      </header>
      {!isOver(run) && (
        <>
          <div className="canvas" style={{ aspectRatio: `${request.img_width ?? 1} / ${request.img_height ?? 1}` }}>
            {preview === undefined ? (
              <span className="quiet" aria-hidden="true">
                …
              </span>
            ) : (
              <img src={preview} alt="What can be seen so far" />
            )}
          </div>
          <progress
            max={step?.total ?? 1}
            value={step?.index ?? (phase === 'running' ? 0 : undefined)}
            aria-label="Progress"
          />
          <RunState run={run} />
        </>
      )}
      {phase === 'succeeded' && job && (
        <PictureGrid job={job} onUse={onUse} onMake={onMake} preview={job.images.length === 1 ? preview : undefined} />
      )}
      {phase === 'succeeded' && job && (
        <small className="quiet">
          <FactLine
            facts={[
              `seed ${job.seed}`,
              `${job.num_inference_steps} steps`,
              `guidance ${job.guidance_scale}`,
              modelNameOf(job, models),
              `${credits(job.price)} credits`,
            ]}
          />
        </small>
      )}
      {phase === 'cancelled' && <p className="quiet">Cancelled. Nothing was charged.</p>}
      {(phase === 'failed' || phase === 'cancelled') && (
        <button
          type="button"
          aria-label={`Try again: ${request.prompt}`}
          // The second half of a double click would be paid for, too.
          onClick={({ detail }) => detail < 2 && onMake(request)}
        >
          Try again
        </button>
      )}
      {problem !== undefined && (
        <p className="wrong" role="alert">
          {problem}
        </p>
      )}
    </article>
  );
}
