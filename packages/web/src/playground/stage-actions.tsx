import { faultOfUpscale, type Job, type JobCreate } from '@easel/contract';
import { type ReactNode, useId, useRef, useState } from 'react';
import { EditButton, ExtendActions } from '../editor/editor.tsx';
import { convertPicture, pathOf, saveFile } from '../files/picture-file.ts';
import { Notice } from '../parts/notices.tsx';
import { useRuns } from '../runs/runs.tsx';
import { messageOf } from '../session/requests.ts';
import { useModels, useSession } from '../session/session.tsx';
import { drawnSize, enlargementOf, modelOfJob, type Settings, settingsOfJob } from '../settings/settings.ts';
import { EachPictureActions, VaryActions } from '../viewer/vary-actions.tsx';
import type { Shown, ShownRun } from './use-shown.ts';

export interface StageActionsProps extends Pick<ShownRun, 'show'> {
  readonly job: Job;
  readonly shown: Shown;
  readonly onOpen: (index: number) => void;
  readonly onUse: (settings: Partial<Settings>) => void;
  readonly onMake: (request: JobCreate) => void;
  /** What stands at the end of the line. */
  readonly children: ReactNode;
}

/** What can be done with the picture on the stage. Of several pictures one is chosen first, but for what is done to all. */
export function StageActions({ job, shown, show, onOpen, onUse, onMake, children }: StageActionsProps) {
  const [problem, setProblem] = useState<string>();
  const { index, run } = shown;
  const at = job.images.length === 1 ? 0 : index;
  const image = at === null ? undefined : job.images[at];
  return (
    <>
      <div className="stage-line">
        <div className="stage-actions">
          {job.images.length > 1 && (
            <PicturePicker count={job.images.length} index={index} onPick={(to) => show(run, to)} />
          )}
          {at !== null && (
            <button
              type="button"
              title="As large as the window, with everything that can be done"
              onClick={() => onOpen(at)}
            >
              Open
            </button>
          )}
          <FavouriteButton job={job} onProblem={setProblem} />
          {image === undefined && <EachPictureActions job={job} onMake={onMake} />}
          {image !== undefined && <VaryActions job={job} image={image} onUse={onUse} onMake={onMake} />}
          {image !== undefined && (
            <PictureButtons job={job} image={image} onUse={onUse} onMake={onMake} onProblem={setProblem} />
          )}
        </div>
        {children}
      </div>
      {problem !== undefined && (
        <Notice kind="error" onClose={() => setProblem(undefined)}>
          {problem}
        </Notice>
      )}
    </>
  );
}

interface PicturePickerProps {
  readonly count: number;
  readonly index: number | null;
  readonly onPick: (index: number | null) => void;
}

/** All pictures of a run, or one of them alone. */
function PicturePicker({ count, index, onPick }: PicturePickerProps) {
  return (
    <fieldset className="picker">
      <legend className="visually-hidden">Show</legend>
      {[null, ...Array.from({ length: count }, (_, at) => at)].map((at) => (
        <button
          key={at}
          type="button"
          aria-pressed={index === at}
          aria-label={at === null ? 'Show all pictures' : `Show picture ${at + 1} of ${count}`}
          onClick={() => onPick(at)}
        >
          {at === null ? 'All' : at + 1}
        </button>
      ))}
    </fieldset>
  );
}

interface FavouriteButtonProps {
  readonly job: Job;
  readonly onProblem: (problem: string | undefined) => void;
}

function FavouriteButton({ job, onProblem }: FavouriteButtonProps) {
  const { client } = useSession();
  const { replace } = useRuns();
  const change = async () => {
    try {
      replace(job.id, await client.jobs.change(job.id, { favourite: !job.favourite }));
      onProblem(undefined);
    } catch (error) {
      onProblem(messageOf(error));
    }
  };
  return (
    <button type="button" aria-pressed={job.favourite} onClick={() => void change()}>
      <span aria-hidden="true">{job.favourite ? '★' : '☆'}</span> Favourite
    </button>
  );
}

interface PictureButtonsProps extends Pick<StageActionsProps, 'job' | 'onUse' | 'onMake'> {
  readonly onProblem: (problem: string | undefined) => void;
  readonly image: Job['images'][number];
}

function PictureButtons({ job, image, onUse, onMake, onProblem }: PictureButtonsProps) {
  const extension = useId();
  const popover = useRef<HTMLDivElement>(null);
  const invoker = useRef<HTMLButtonElement>(null);
  const { startImageOf } = useRuns();
  const { reply: models = [] } = useModels();
  const model = modelOfJob(job, models);
  const path = pathOf(image.url);
  const { width, height, seed } = image;
  const download = async () => {
    try {
      saveFile(await convertPicture(path, job.image_format), `${seed}.${path.split('.').at(-1)}`);
      onProblem(undefined);
    } catch (error) {
      onProblem(messageOf(error));
    }
  };
  const settings = settingsOfJob(job, { seed: null, startImage: startImageOf(job), model });
  // The editor gives the focus back to what had it before: the button, because the popover is gone by then.
  const fold = () => {
    popover.current?.hidePopover();
    invoker.current?.focus();
  };
  return (
    <>
      <button type="button" onClick={() => void download()}>
        Download
      </button>
      <button
        type="button"
        onClick={() => onUse({ ...settings, startImage: path, ...drawnSize(model, image), variationStrength: 0 })}
      >
        Use as start image
      </button>
      <EditButton job={job} image={image} />
      <button
        type="button"
        disabled={job.prompt === null || faultOfUpscale(image, 2) !== undefined}
        title={`Enlarges the picture to ${width * 2}×${height * 2}`}
        // The second half of a double click would be charged, too.
        onClick={({ detail }) => detail < 2 && onMake(enlargementOf(job, path, { seed, upscale: 2 }))}
      >
        Upscale 2×
      </button>
      <button
        ref={invoker}
        type="button"
        popoverTarget={extension}
        title="Shows more around the picture, which the model paints"
      >
        Zoom out…
      </button>
      <div ref={popover} id={extension} popover="auto" className="extend-popover">
        <ExtendActions job={job} image={image} onOpen={fold} />
      </div>
    </>
  );
}
