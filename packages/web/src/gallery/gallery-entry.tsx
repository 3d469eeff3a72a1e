import type { Job, JobCreate } from '@easel/contract';
import { moment } from '../format/text.ts';
import { ConfirmButton } from '../parts/buttons.tsx';
import { FactLine } from '../parts/facts.tsx';
import { modelNameOf } from '../parts/model-name.tsx';
import { isUnfinished } from '../runs/run.ts';
import { useModels } from '../session/session.tsx';
import type { Settings } from '../settings/settings.ts';
import { PictureGrid, type PictureGridProps } from '../viewer/picture-grid.tsx';

export interface GalleryEntryProps {
  readonly job: Job;
  readonly choice: NonNullable<PictureGridProps['choice']>;
  readonly onUse: (settings: Partial<Settings>) => void;
  readonly onMake: (request: JobCreate) => void;
  readonly onFavourite: () => void;
  readonly onDelete: () => void;
  readonly onCancel: () => void;
}

export function GalleryEntry({ job, choice, onUse, onMake, ...act }: GalleryEntryProps) {
  const { reply: models = [] } = useModels();
  const name = job.prompt ?? 'prompt not stored';
  return (
    <article className="card entry">
      {job.status === 'succeeded' ? (
        <PictureGrid job={job} onUse={onUse} onMake={onMake} choice={choice} />
      ) : (
        <p className="quiet">{statusTextOf(job)}</p>
      )}
      <p className="prompt" dir="auto" title={job.prompt ?? ''}>
        {job.prompt ?? 'Prompt not stored.'}
      </p>
      <small className="quiet">
        <FactLine
          facts={[
            moment(job.created_at),
            `seed ${job.seed}`,
            `${job.img_width}×${job.img_height}`,
            modelNameOf(job, models),
          ]}
        />
      </small>
      <div className="row">
        <button
          type="button"
          className="plain"
          aria-pressed={job.favourite}
          aria-label={`Favourite: ${name}`}
          onClick={act.onFavourite}
        >
          {job.favourite ? '★' : '☆'}
        </button>
        {isUnfinished(job) ? (
          <button type="button" className="plain" aria-label={`Cancel: ${name}`} onClick={act.onCancel}>
            Cancel
          </button>
        ) : (
          <ConfirmButton
            className="plain delete"
            question="Really delete?"
            aria-label={`Delete: ${name}`}
            onConfirm={act.onDelete}
          >
            Delete
          </ConfirmButton>
        )}
      </div>
    </article>
  );
}

function statusTextOf({ status, error }: Job): string {
  if (status === 'queued') return 'Queued.';
  if (status === 'running') return 'Running.';
  if (status === 'cancelled') return 'Cancelled. Nothing was charged.';
  return `Failed: ${error?.message ?? 'unknown error'}.`;
}
