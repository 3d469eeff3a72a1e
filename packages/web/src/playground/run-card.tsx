import type { JobCreate } from '@easel/contract';
import { useEffect, useState } from 'react';
import { credits } from '../format/amounts.ts';
import { modelNameOf } from '../parts/drawn-by.tsx';
import { FactLine } from '../parts/fact-line.tsx';
import { PictureGrid } from '../parts/picture-grid.tsx';
import { useModels } from '../session/models.tsx';
import { isOver, type Run, statusOf } from './run.ts';
import { useRuns } from './runs.tsx';
import type { Settings } from './settings.ts';

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
