import type { Job } from '@easel/contract';
import { moment } from '../format/text.ts';
import { ConfirmButton } from '../parts/buttons.tsx';
import { modelNameOf } from '../parts/model-name.tsx';
import { useModels } from '../session/session.tsx';
import { type Settings, settingsOfJob } from '../settings/settings.ts';

export interface EndedRunsProps {
  readonly jobs: readonly Job[];
  readonly onUse: (settings: Partial<Settings>) => void;
  readonly onDelete: (job: Job) => void;
}

/** Runs that ended without a picture: what they were to make, and why there is none. */
export function EndedRuns({ jobs, onUse, onDelete }: EndedRunsProps) {
  const { reply: models = [] } = useModels();
  return (
    <ul className="ended-runs">
      {jobs.map((job) => {
        const name = job.prompt ?? 'prompt not stored';
        const model = models.find(({ id }) => id === job.model);
        return (
          <li key={job.id} className="card">
            <div className="stack">
              <p className="prompt" dir="auto">
                {job.prompt ?? 'Prompt not stored.'}
              </p>
              <p className={job.status === 'failed' ? 'wrong' : 'quiet'}>{statusTextOf(job)}</p>
              <small className="quiet">
                {moment(job.created_at)} · {job.img_width}×{job.img_height} · seed {job.seed} ·{' '}
                {modelNameOf(job, models)}
              </small>
            </div>
            <div className="row">
              <button
                type="button"
                aria-label={`Use these settings: ${name}`}
                disabled={job.prompt === null}
                onClick={() => onUse(settingsOfJob(job, { seed: job.seed, startImage: null, model }))}
              >
                Use these settings
              </button>
              <ConfirmButton
                className="plain delete"
                question="Really delete?"
                aria-label={`Delete: ${name}`}
                onConfirm={() => onDelete(job)}
              >
                Delete
              </ConfirmButton>
            </div>
          </li>
        );
      })}
    </ul>
  );
}

function statusTextOf({ status, error }: Job): string {
  if (status === 'cancelled') return 'Cancelled. Nothing was charged.';
  return `Failed: ${error?.message ?? 'unknown error'}.`;
}
