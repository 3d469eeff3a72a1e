import { faultOfUpscale, type Job, type JobCreate } from '@easel/contract';
import { useState } from 'react';
import { EditButton, ExtendActions } from '../editor/editor.tsx';
import { pathOf } from '../files/picture-file.ts';
import { codeSamples } from '../format/code-samples.ts';
import { ConfirmButton, CopyButton } from '../parts/buttons.tsx';
import { Notice } from '../parts/notices.tsx';
import { addressOfPicture } from '../router.ts';
import { useRuns } from '../runs/runs.tsx';
import { messageOf } from '../session/requests.ts';
import { useModels, useSession } from '../session/session.tsx';
import {
  drawnSize,
  enlargementOf,
  modelOfJob,
  requestOfJob,
  type Settings,
  settingsOfJob,
} from '../settings/settings.ts';
import { addressOfSettings } from '../settings/settings-address.ts';
import { CopyPictureButton, canCopyPictures, Downloads } from './downloads.tsx';
import { VaryActions } from './vary-actions.tsx';

export interface PictureActionsProps {
  readonly job: Job;
  readonly image: Job['images'][number];
  readonly onUse: (settings: Partial<Settings>) => void;
  readonly onMake: (request: JobCreate) => void;
  /** Called before the playground is shown with what the editor made of the picture. */
  readonly onLeave: () => void;
  /** The job was marked, or the picture deleted: then the job has it no more. */
  readonly onChange: (job: Job) => void;
  /** Absent: there is nothing to compare it with. */
  readonly onCompare?: (() => void) | undefined;
}

/** Everything that can be done with a picture: mark it, generate from it, download it, copy its link or code. */
export function PictureActions(props: PictureActionsProps) {
  const { job, image, onCompare } = props;
  return (
    <>
      <div className="row wrap">
        <OwnerActions {...props} />
        {onCompare && (
          <button type="button" onClick={onCompare}>
            Compare
          </button>
        )}
      </div>
      <VaryActions {...props} />
      <GenerateActions {...props} />
      <Downloads path={pathOf(image.url)} seed={image.seed} />
      <CopyActions job={job} image={image} />
    </>
  );
}

/** What changes what the server keeps. */
function OwnerActions({ job, image, onChange }: PictureActionsProps) {
  const { client } = useSession();
  const [problem, setProblem] = useState<string>();
  const count = job.images.length;
  const attempt = (change: () => Promise<Job>) => {
    change().then(
      (changed) => {
        setProblem(undefined);
        onChange(changed);
      },
      (error: unknown) => setProblem(messageOf(error)),
    );
  };
  const remove = async () => {
    // The record of a job without pictures would be of no use in the gallery.
    if (count === 1) await client.jobs.forget(job.id);
    else await client.images.delete(image.id);
    return { ...job, images: job.images.filter(({ id }) => id !== image.id) };
  };
  return (
    <>
      <button
        type="button"
        aria-pressed={job.favourite}
        title={count > 1 ? `Marks all ${count} pictures of this run` : 'Marks this picture'}
        onClick={() => attempt(() => client.jobs.change(job.id, { favourite: !job.favourite }))}
      >
        <span aria-hidden="true">{job.favourite ? '★' : '☆'}</span> Favourite
      </button>
      <ConfirmButton question="Really delete?" aria-label="Delete picture" onConfirm={() => attempt(remove)}>
        Delete
      </ConfirmButton>
      {problem !== undefined && <Notice kind="error">{problem}</Notice>}
    </>
  );
}

function GenerateActions({ job, image, onUse, onMake, onLeave }: PictureActionsProps) {
  const { startImageOf } = useRuns();
  const { reply: models = [] } = useModels();
  const model = modelOfJob(job, models);
  const startImage = startImageOf(job);
  const missing = missingFor(job, startImage);
  const isFixed = job.upscale !== null && job.strength === 0;
  const request = { ...requestOfJob(job, startImage), ...seedsOf(image), samples: 1 };
  const settings = settingsOfJob(job, { seed: null, startImage, model });
  const path = pathOf(image.url);
  const { width, height } = image;
  return (
    <div className="generate-actions">
      <button
        type="button"
        disabled={missing !== null || isFixed}
        title="Same settings, new seeds"
        onClick={() => onMake({ ...withoutSeed(request), samples: 4 })}
      >
        Generate 4 more
      </button>
      <button
        type="button"
        disabled={missing !== null}
        title="Same settings and seed: generates the same picture"
        onClick={() => onMake(request)}
      >
        Regenerate
      </button>
      <button
        type="button"
        onClick={() => onUse({ ...settings, startImage: path, ...drawnSize(model, image), variationStrength: 0 })}
      >
        Use as start image
      </button>
      <EditButton job={job} image={image} onLeave={onLeave} />
      {([2, 4] as const).map((upscale) => (
        <button
          key={upscale}
          type="button"
          disabled={job.prompt === null || faultOfUpscale(image, upscale) !== undefined}
          title={`Enlarges the picture to ${width * upscale}×${height * upscale}`}
          onClick={() => onMake(enlargementOf(job, path, { seed: image.seed, upscale }))}
        >
          Upscale {upscale}×
        </button>
      ))}
      <ExtendActions job={job} image={image} onLeave={onLeave} />
      {missing !== null && <small className="quiet">{missing}, so it cannot be regenerated here.</small>}
      {missing === null && isFixed && (
        <small className="quiet">The picture was only enlarged: four more would all be the same.</small>
      )}
    </div>
  );
}

/** What tells a picture from the others of its job. */
function seedsOf({ seed, variation_seed: variationSeed }: PictureActionsProps['image']) {
  return { seed, ...(variationSeed !== undefined && { variation_seed: variationSeed }) };
}

/** The server then picks a random seed, which nothing is a variation of. */
function withoutSeed({ seed: _, variation_seed: __, variation_strength: ___, ...request }: JobCreate): JobCreate {
  return request;
}

/** What part of the request is no longer known: without it the picture would be a different one. */
function missingFor({ prompt, strength, mask_blur: maskBlur }: Job, startImage: string | null): string | null {
  if (prompt === null) return 'The prompt was not stored';
  if (strength !== null && startImage === null)
    return 'It was generated from a file as its start image, which the server does not store';
  if (maskBlur !== null) return 'It was generated with a mask, which the server does not store';
  return null;
}

function CopyActions({ job, image }: Pick<PictureActionsProps, 'job' | 'image'>) {
  const { reply: models = [] } = useModels();
  const { origin } = window.location;
  const model = modelOfJob(job, models);
  const settings = settingsOfJob(job, { seed: image.seed, startImage: null, model });
  const samples = codeSamples({ ...fieldsOf(job), seed: image.seed }, origin, job.model);
  return (
    <fieldset className="row wrap">
      <legend>Copy</legend>
      <CopyButton text={new URL(addressOfPicture(image.id), origin).href}>Link</CopyButton>
      <CopyButton text={new URL(addressOfSettings(settings), origin).href}>Link to these settings</CopyButton>
      {canCopyPictures && <CopyPictureButton path={pathOf(image.url)} />}
      <details>
        <summary>Code</summary>
        <div className="row wrap">
          {samples.map(({ name, code }) => (
            <CopyButton key={name} text={code}>
              {name}
            </CopyButton>
          ))}
        </div>
      </details>
    </fieldset>
  );
}

/** The fields of the request for one picture of a job, as a code sample shows them. */
function fieldsOf(job: Job) {
  return {
    prompt: job.prompt ?? '',
    ...(job.negative_prompt !== null && { negative_prompt: job.negative_prompt }),
    samples: 1,
    num_inference_steps: job.num_inference_steps,
    guidance_scale: job.guidance_scale,
    ...(!(job.upscale !== null && job.strength !== null) && { img_width: job.img_width, img_height: job.img_height }),
    scheduler: job.scheduler,
    profile: job.profile,
    ...(job.strength !== null && { image: job.start_image ?? 'BASE64 OF THE START IMAGE', strength: job.strength }),
    ...(job.mask_blur !== null && { mask: 'BASE64 OF THE MASK', mask_blur: job.mask_blur }),
    ...(job.mask_padding !== null && { mask_padding: job.mask_padding }),
    ...(job.upscale !== null && { upscale: job.upscale, upscaler: job.upscaler }),
    base64: false,
  };
}
