import type { Job, JobCreate } from '@easel/contract';
import { useState } from 'react';
import { listedSource } from '../files/picture-file.ts';
import { CompareIcon } from '../parts/icons.tsx';
import type { Settings } from '../settings/settings.ts';
import { PictureDialog } from './picture-dialog.tsx';

export interface PictureGridProps {
  readonly job: Job;
  readonly onUse: (settings: Partial<Settings>) => void;
  readonly onMake: (request: JobCreate) => void;
  /** Shown until the file of the picture is loaded. */
  readonly preview?: string | undefined;
  /** Selects pictures to compare. */
  readonly choice?: {
    readonly isChosen: (image: Job['images'][number]) => boolean;
    readonly onChoose: (image: Job['images'][number]) => void;
  };
}

/** The pictures of a job; a click enlarges one. */
export function PictureGrid({ job, onUse, onMake, choice, preview }: PictureGridProps) {
  const [shown, setShown] = useState<number>();
  return (
    <>
      <div className={`grid of-${Math.min(job.images.length, 4)}`}>
        {job.images.map((image, index) => (
          <div key={image.id} className={choice?.isChosen(image) ? 'tile chosen' : 'tile'}>
            <button
              type="button"
              className="picture"
              style={preview === undefined ? undefined : { backgroundImage: `url(${preview})` }}
              aria-label={`Open ${nameOf(job, index)}`}
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
            {choice && (
              <button
                type="button"
                className="choose"
                aria-pressed={choice.isChosen(image)}
                aria-label={`Compare ${nameOf(job, index)}`}
                title="Compare with another picture"
                onClick={() => choice.onChoose(image)}
              >
                <CompareIcon />
              </button>
            )}
          </div>
        ))}
      </div>
      {job.images.length === 0 && <p className="quiet">The pictures are no longer available.</p>}
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

function nameOf({ images, prompt }: Job, index: number): string {
  return `picture ${index + 1} of ${images.length}: ${prompt ?? 'prompt not stored'}`;
}
