import type { Job, JobCreate } from '@easel/contract';
import { pathOf } from '../files/picture-file.ts';
import { useRuns } from '../runs/runs.tsx';
import { requestOfJob, type Settings, settingsOfJob } from '../settings/settings.ts';

export interface PictureActionsProps {
  readonly job: Job;
  readonly image: Job['images'][number];
  readonly onUse: (settings: Partial<Settings>) => void;
  readonly onMake: (request: JobCreate) => void;
}

/** What can be made of a picture. */
export function PictureActions({ job, image, onUse, onMake }: PictureActionsProps) {
  const { startImageOf } = useRuns();
  const startImage = startImageOf(job);
  const missing = missingOf(job, startImage);
  const again = { ...requestOfJob(job, startImage), seed: image.seed, samples: 1 };
  const settings = settingsOfJob(job, image.seed, startImage);
  const path = pathOf(image.url);
  const { width, height } = image;
  return (
    <div className="stack">
      <button
        type="button"
        className="primary"
        disabled={missing !== null}
        onClick={() => onMake({ ...withoutSeed(again), samples: 4 })}
      >
        4 more with other seeds
      </button>
      <button
        type="button"
        disabled={missing !== null}
        title="The same settings and the same seed: the same picture"
        onClick={() => onMake(again)}
      >
        Make it again
      </button>
      <button type="button" onClick={() => onUse({ ...settings, seed: null, startImage: path, width, height })}>
        Use as start image
      </button>
      <button type="button" onClick={() => onUse(settings)}>
        Put its settings into the form
      </button>
      {missing !== null && <small className="quiet">{missing}, so that it cannot be made again from here.</small>}
    </div>
  );
}

/** A new seed is drawn for it. */
function withoutSeed({ seed: _, ...request }: JobCreate): JobCreate {
  return request;
}

/** What of the request is not known any more: without it another picture would come. */
function missingOf({ prompt, strength }: Job, startImage: string | null): string | null {
  if (prompt === null) return 'Its prompt was not kept';
  if (strength !== null && startImage === null) return 'It was made from a start image, which the server does not keep';
  return null;
}
