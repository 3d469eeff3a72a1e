import type { Job } from '@easel/contract';
import { moment } from '../format/amounts.ts';
import { PictureGrid } from '../parts/picture-grid.tsx';
import type { Settings } from '../playground/settings.ts';

export interface HistoryEntryProps {
  readonly job: Job;
  readonly isChosen: boolean;
  readonly onUse: (settings: Partial<Settings>) => void;
  readonly onFavour: () => void;
  readonly onRemove: () => void;
  readonly onChoose: () => void;
}

export function HistoryEntry({ job, isChosen, onUse, onFavour, onRemove, onChoose }: HistoryEntryProps) {
  return (
    <article className={isChosen ? 'card entry chosen' : 'card entry'}>
      {job.status === 'succeeded' ? (
        <PictureGrid job={job} onUse={onUse} />
      ) : (
        <p className="quiet">{job.error?.message ?? job.status}</p>
      )}
      <p className="prompt" title={job.prompt ?? ''}>
        {job.prompt ?? 'The prompt was not kept.'}
      </p>
      <small className="quiet">
        {moment(job.created_at)} · seed {job.seed} · {job.img_width}×{job.img_height}
      </small>
      <div className="row">
        <button type="button" className="plain" aria-pressed={job.favourite} aria-label="Favourite" onClick={onFavour}>
          {job.favourite ? '★' : '☆'}
        </button>
        {job.images.length > 0 && (
          <>
            <button type="button" className="plain" aria-pressed={isChosen} onClick={onChoose}>
              Compare
            </button>
            <button type="button" className="plain" onClick={onRemove}>
              Delete
            </button>
          </>
        )}
      </div>
    </article>
  );
}
