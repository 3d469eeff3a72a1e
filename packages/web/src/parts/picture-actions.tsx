import type { Job } from '@easel/contract';
import { useRuns } from '../playground/runs.tsx';
import { type Settings, settingsOfJob } from '../playground/settings.ts';
import { pathOf } from './picture-path.ts';

export interface PictureActionsProps {
  readonly job: Job;
  readonly image: Job['images'][number];
  readonly onUse: (settings: Partial<Settings>) => void;
  readonly onMake: (settings: Settings) => void;
}

/** What can be made of a picture. */
export function PictureActions({ job, image, onUse, onMake }: PictureActionsProps) {
  const { startImageOf } = useRuns();
  const startImage = startImageOf(job);
  const again = settingsOfJob(job, image.seed, startImage);
  // Without its start picture it would become another one.
  const isForgotten = job.strength !== null && startImage === null;
  const path = pathOf(image.url);
  const { width, height } = image;
  return (
    <div className="stack">
      <button type="button" className="primary" disabled={isForgotten} onClick={() => onMake(again)}>
        Make it again
      </button>
      <button type="button" disabled={isForgotten} onClick={() => onMake({ ...again, samples: 4 })}>
        Variations: this seed and its neighbours
      </button>
      <button type="button" onClick={() => onUse({ ...again, seed: null, startImage: path, width, height })}>
        Use as start image
      </button>
      <button type="button" onClick={() => onUse(again)}>
        Put its settings into the form
      </button>
      {isForgotten && (
        <small className="quiet">
          It was made from a start image, which the server does not keep: it cannot be made again from here.
        </small>
      )}
    </div>
  );
}
