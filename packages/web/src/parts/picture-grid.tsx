import type { Job, JobCreate } from '@easel/contract';
import { useState } from 'react';
import type { Settings } from '../playground/settings.ts';
import { PictureDialog } from './picture-dialog.tsx';
import { listedSource } from './picture-path.ts';

export interface PictureGridProps {
  readonly job: Job;
  readonly onUse: (settings: Partial<Settings>) => void;
  readonly onMake: (request: JobCreate) => void;
}

export function PictureGrid({ job, onUse, onMake }: PictureGridProps) {
  const [shown, setShown] = useState<number>();
  return (
    <>
      <div className={`grid of-${Math.min(job.images.length, 4)}`}>
        {job.images.map((image, index) => (
          <button
            key={image.id}
            type="button"
            className="picture"
            aria-label={`Open picture ${index + 1} of ${job.images.length}: ${job.prompt ?? 'no prompt kept'}`}
            onClick={() => setShown(index)}
          >
            <img
              {...listedSource(
                image,
                job.images.length > 1 ? '(max-width: 52rem) 45vw, 9rem' : '(max-width: 52rem) 90vw, 18rem',
              )}
              alt={job.prompt ?? ''}
              width={image.width}
              height={image.height}
              loading="lazy"
            />
          </button>
        ))}
      </div>
      {job.images.length === 0 && <p className="quiet">Its pictures are no longer kept.</p>}
      {shown !== undefined && (
        <PictureDialog
          job={job}
          index={shown}
          onIndex={setShown}
          onClose={() => setShown(undefined)}
          onUse={onUse}
          onMake={onMake}
        />
      )}
    </>
  );
}
