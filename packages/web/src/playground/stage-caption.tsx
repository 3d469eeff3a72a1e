import type { JobCreate } from '@easel/contract';
import { useEffect, useState } from 'react';
import { Credits } from '../format/credits.tsx';
import { FactLine } from '../parts/facts.tsx';
import { deviceOf, modelNameOf } from '../parts/model-name.tsx';
import { isOver, type Run, statusOf } from '../runs/run.ts';
import { useRuns } from '../runs/runs.tsx';
import { useModels } from '../session/session.tsx';
import type { Settings } from '../settings/settings.ts';
import { StageActions } from './stage-actions.tsx';
import type { Shown, ShownRun } from './use-shown.ts';

export interface StageCaptionProps extends Pick<ShownRun, 'show'> {
  readonly shown: Shown;
  readonly onOpen: (index: number) => void;
  readonly onUse: (settings: Partial<Settings>) => void;
  readonly onMake: (request: JobCreate) => void;
}

/** Below the picture: its prompt in one line, and what can be done with it, or how far it is. */
export function StageCaption({ shown, show, onOpen, onUse, onMake }: StageCaptionProps) {
  const { run, index } = shown;
  const [unfolded, setUnfolded] = useState<string>();
  const isOpen = unfolded === run.key;
  return (
    <div className={isOpen ? 'caption open' : 'caption'}>
      <PromptLine run={run} isOpen={isOpen} onFold={() => setUnfolded(isOpen ? undefined : run.key)} />
      {!isOver(run) && <Progress run={run} />}
      {run.phase === 'succeeded' && run.job !== undefined && (
        <StageActions job={run.job} shown={shown} show={show} onOpen={onOpen} onUse={onUse} onMake={onMake}>
          <RunFacts run={run} index={index} />
        </StageActions>
      )}
      {(run.phase === 'failed' || run.phase === 'cancelled') && <Ended run={run} onMake={onMake} />}
    </div>
  );
}

interface PromptLineProps {
  readonly run: Run;
  readonly isOpen: boolean;
  readonly onFold: () => void;
}

/** The prompt and the notes: their beginning, the rest on a press. */
function PromptLine({ run, isOpen, onFold }: PromptLineProps) {
  const { dismiss } = useRuns();
  const { prompt } = run.request;
  const notes = run.job?.notes ?? [];
  return (
    <>
      <div className="caption-line">
        <p className="prompt" dir="auto" title={isOpen ? undefined : prompt} tabIndex={isOpen ? 0 : undefined}>
          {prompt === '' ? 'Prompt not stored.' : prompt}
        </p>
        <button type="button" className="plain small" aria-expanded={isOpen} onClick={onFold}>
          {isOpen ? 'Less' : 'Details'}
        </button>
        {isOver(run) && (
          <button
            type="button"
            className="plain dismiss"
            aria-label={`Dismiss: ${prompt}`}
            title="Remove from this page; the gallery keeps it"
            onClick={() => dismiss(run)}
          >
            ✕
          </button>
        )}
      </div>
      {notes.map(({ message }) => (
        <small key={message} className="quiet note">
          Note: {message}
        </small>
      ))}
    </>
  );
}

interface RunFactsProps {
  readonly run: Run;
  readonly index: number | null;
}

function RunFacts({ run: { job }, index }: RunFactsProps) {
  const { reply: models = [] } = useModels();
  if (job === undefined) return null;
  const device = deviceOf(job);
  const image = job.images[index ?? 0];
  return (
    <small className="run-facts quiet">
      <FactLine
        facts={[
          `seed ${image?.seed ?? job.seed}`,
          ...(image === undefined ? [] : [`${image.width}×${image.height}`]),
          `${job.num_inference_steps} steps`,
          `guidance ${job.guidance_scale}`,
          modelNameOf(job, models),
          ...(device === undefined ? [] : [`on ${device}`]),
        ]}
      />
      <span className="fact">
        · cost <Credits amount={job.price} /> credits
      </span>
    </small>
  );
}

/** How far the run is, and the way to stop it. */
function Progress({ run }: { readonly run: Run }) {
  const { cancel } = useRuns();
  const { phase, step, problem, request } = run;
  return (
    <div className="progress-line">
      <progress
        max={step?.total ?? 1}
        value={step?.index ?? (phase === 'running' ? 0 : undefined)}
        aria-label="Progress"
      />
      <StatusLine run={run} />
      <button
        type="button"
        aria-label={`Cancel: ${request.prompt}`}
        onClick={() => cancel(run)}
        disabled={run.job === undefined}
      >
        Cancel
      </button>
      {problem !== undefined && (
        <p className="wrong" role="alert">
          {problem}
        </p>
      )}
    </div>
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
  return <small className={isConnected ? 'status quiet' : 'status wrong'}>{statusOf(run, now, isConnected)}</small>;
}

/** A run without pictures: why, and the way to try again. It is announced elsewhere. */
function Ended({ run, onMake }: Pick<StageCaptionProps, 'onMake'> & { readonly run: Run }) {
  const { request, phase, problem } = run;
  return (
    <div className="progress-line">
      {phase === 'cancelled' ? (
        <p className="quiet status">Cancelled. Nothing was charged.</p>
      ) : (
        <p className="wrong status">{problem}</p>
      )}
      <button
        type="button"
        aria-label={`Retry: ${request.prompt}`}
        // The second half of a double click would be charged, too.
        onClick={({ detail }) => detail < 2 && onMake(request)}
      >
        Retry
      </button>
    </div>
  );
}
