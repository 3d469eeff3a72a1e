import type { JobCreate } from '@easel/contract';
import { useEffect, useState } from 'react';
import { credits } from '../format/text.ts';
import { Link } from '../parts/buttons.tsx';
import { FactLine } from '../parts/facts.tsx';
import { deviceOf, modelNameOf } from '../parts/model-name.tsx';
import { addressOf } from '../router.ts';
import { isOver, type Run, statusOf } from '../runs/run.ts';
import { useRuns } from '../runs/runs.tsx';
import { useModels } from '../session/session.tsx';
import type { Settings } from '../settings/settings.ts';
import { PictureGrid } from '../viewer/picture-grid.tsx';

const examplePrompts = [
  'a red apple on a blue background',
  'a panda in the snow',
  'line art of a guitar',
  'two sunflowers under a blue sky',
  'a rocket in space',
  'a fox in the forest',
];

interface RunActionsProps {
  readonly onUse: (settings: Partial<Settings>) => void;
  readonly onMake: (request: JobCreate) => void;
}

export interface ResultsProps extends RunActionsProps {
  readonly onPrompt: (prompt: string) => void;
}

export function Results({ onUse, onMake, onPrompt }: ResultsProps) {
  const { runs } = useRuns();
  return (
    <section className="results" aria-label="Pictures">
      {runs.length === 0 ? (
        <div className="empty">
          <p>Type a prompt and press Enter, or try one of these:</p>
          <ul className="ideas">
            {examplePrompts.map((prompt) => (
              <li key={prompt}>
                <button type="button" onClick={() => onPrompt(prompt)}>
                  {prompt}
                </button>
              </li>
            ))}
          </ul>
          <p>
            <Link href={addressOf('gallery')}>View earlier pictures</Link>
          </p>
        </div>
      ) : (
        runs.map((run) => <RunCard key={run.key} run={run} onUse={onUse} onMake={onMake} />)
      )}
    </section>
  );
}

interface RunCardProps extends RunActionsProps {
  readonly run: Run;
}

/** A job, from the click on the button to its pictures. */
function RunCard({ run, onUse, onMake }: RunCardProps) {
  const { request, phase, job, preview, previews, problem } = run;
  return (
    <article className={`card run-card ${phase}`} aria-busy={!isOver(run)} data-phase={phase} data-previews={previews}>
      <RunHeader run={run} />
      {!isOver(run) && <Progress run={run} />}
      {phase === 'succeeded' && job && (
        <PictureGrid job={job} onUse={onUse} onMake={onMake} preview={job.images.length === 1 ? preview : undefined} />
      )}
      {phase === 'succeeded' && <RunFacts run={run} />}
      {job?.notes.map(({ message }) => (
        <p key={message} className="quiet note">
          Note: {message}
        </p>
      ))}
      {phase === 'cancelled' && <p className="quiet">Cancelled. Nothing was charged.</p>}
      {(phase === 'failed' || phase === 'cancelled') && (
        <button
          type="button"
          aria-label={`Retry: ${request.prompt}`}
          // The second half of a double click would be charged, too.
          onClick={({ detail }) => detail < 2 && onMake(request)}
        >
          Retry
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

function RunHeader({ run }: { readonly run: Run }) {
  const { cancel, dismiss } = useRuns();
  const { prompt } = run.request;
  return (
    <header className="row">
      <p className="prompt" dir="auto" title={prompt}>
        {prompt}
      </p>
      {isOver(run) ? (
        <button type="button" className="plain" aria-label={`Dismiss: ${prompt}`} onClick={() => dismiss(run)}>
          ✕
        </button>
      ) : (
        <button
          type="button"
          aria-label={`Cancel: ${prompt}`}
          onClick={() => cancel(run)}
          disabled={run.job === undefined}
        >
          Cancel
        </button>
      )}
    </header>
  );
}

/** The latest preview, and how far the run is. */
function Progress({ run }: { readonly run: Run }) {
  const { request, phase, preview, step } = run;
  return (
    <>
      <div className="canvas" style={{ aspectRatio: `${request.img_width ?? 1} / ${request.img_height ?? 1}` }}>
        {preview === undefined ? (
          <span className="quiet" aria-hidden="true">
            …
          </span>
        ) : (
          <img src={preview} alt="Preview" />
        )}
      </div>
      <progress
        max={step?.total ?? 1}
        value={step?.index ?? (phase === 'running' ? 0 : undefined)}
        aria-label="Progress"
      />
      <StatusLine run={run} />
    </>
  );
}

/** The status in words; the time left counts down between two messages of the server. */
function StatusLine({ run }: { readonly run: Run }) {
  const { isConnected } = useRuns();
  const [now, setNow] = useState(Date.now);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each message of the server restarts the countdown
  useEffect(() => {
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [run]);
  return <small className={isConnected ? 'quiet' : 'wrong'}>{statusOf(run, now, isConnected)}</small>;
}

function RunFacts({ run: { job } }: { readonly run: Run }) {
  const { reply: models = [] } = useModels();
  if (job === undefined) return null;
  const device = deviceOf(job);
  return (
    <small className="quiet">
      <FactLine
        facts={[
          `seed ${job.seed}`,
          `${job.num_inference_steps} steps`,
          `guidance ${job.guidance_scale}`,
          modelNameOf(job, models),
          ...(device === undefined ? [] : [`on ${device}`]),
          `${credits(job.price)} credits`,
        ]}
      />
    </small>
  );
}
