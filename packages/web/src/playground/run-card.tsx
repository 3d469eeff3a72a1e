import { credits, duration } from '../format/amounts.ts';
import { PictureGrid } from '../parts/picture-grid.tsx';
import { isOver, type Run } from './run.ts';
import { useRuns } from './runs.tsx';
import type { Settings } from './settings.ts';

export interface RunCardProps {
  readonly run: Run;
  readonly onUse: (settings: Partial<Settings>) => void;
}

/** A job from the press of the button to its pictures. */
export function RunCard({ run, onUse }: RunCardProps) {
  const { cancel, dismiss } = useRuns();
  const { request, phase, job, preview, previews, step, problem } = run;
  return (
    <article className={`card run-card ${phase}`} aria-busy={!isOver(run)} data-phase={phase} data-previews={previews}>
      <header className="row">
        <p className="prompt" title={request.prompt}>
          {request.prompt}
        </p>
        {isOver(run) ? (
          <button type="button" className="plain" aria-label="Take this off the page" onClick={() => dismiss(run)}>
            ✕
          </button>
        ) : (
          <button type="button" onClick={() => cancel(run)} disabled={job === undefined}>
            Cancel
          </button>
        )}
      </header>
      {!isOver(run) && (
        <>
          <div className="canvas" style={{ aspectRatio: `${request.img_width ?? 1} / ${request.img_height ?? 1}` }}>
            {preview === undefined ? (
              <span className="quiet">{statusOf(run)}</span>
            ) : (
              <img src={preview} alt="What can be seen so far" />
            )}
          </div>
          <progress
            max={step?.total ?? 1}
            value={step?.index ?? (phase === 'running' ? 0 : undefined)}
            aria-label="Progress"
          />
          <small className="quiet" role="status">
            {statusOf(run)}
          </small>
        </>
      )}
      {phase === 'succeeded' && job && <PictureGrid job={job} onUse={onUse} />}
      {phase === 'succeeded' && job && (
        <small className="quiet">
          seed {job.seed} · {job.num_inference_steps} steps · guidance {job.guidance_scale} · {credits(job.price)}{' '}
          credits
        </small>
      )}
      {phase === 'cancelled' && <p className="quiet">Cancelled. Nothing was charged.</p>}
      {problem !== undefined && (
        <p className="wrong" role="alert">
          {problem}
        </p>
      )}
    </article>
  );
}

function statusOf({ phase, position, step, eta }: Run): string {
  const rest = eta === undefined || eta === null ? '' : `, about ${duration(eta)} left`;
  if (phase === 'sending') return 'Sending…';
  if (phase === 'queued')
    return position === undefined || position === 0
      ? `Next in the queue${rest}`
      : `${position} before it in the queue${rest}`;
  return step === undefined ? 'Reading the prompt…' : `Step ${step.index} of ${step.total}${rest}`;
}
