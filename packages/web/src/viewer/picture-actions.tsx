import { faultOfUpscale, type Job, type JobCreate } from '@easel/contract';
import { useState } from 'react';
import { convertPicture, pathOf, pictureTypes, saveFile } from '../files/picture-file.ts';
import { codeSamples } from '../format/code-samples.ts';
import { CopyButton } from '../parts/buttons.tsx';
import { Notice } from '../parts/notices.tsx';
import { useRuns } from '../runs/runs.tsx';
import { messageOf } from '../session/requests.ts';
import { useModels } from '../session/session.tsx';
import { drawnSize, enlargementOf, requestOfJob, type Settings, settingsOfJob } from '../settings/settings.ts';

export interface PictureActionsProps {
  readonly job: Job;
  readonly image: Job['images'][number];
  readonly onUse: (settings: Partial<Settings>) => void;
  readonly onMake: (request: JobCreate) => void;
}

/** Everything that can be done with a picture: generate from it, download it, copy its link or code. */
export function PictureActions({ job, image, onUse, onMake }: PictureActionsProps) {
  return (
    <>
      <GenerateActions job={job} image={image} onUse={onUse} onMake={onMake} />
      <Downloads path={pathOf(image.url)} seed={image.seed} />
      <CopyActions job={job} image={image} />
    </>
  );
}

function GenerateActions({ job, image, onUse, onMake }: PictureActionsProps) {
  const { startImageOf } = useRuns();
  const { reply: models = [] } = useModels();
  const model = models.find(({ id }) => id === job.model);
  const startImage = startImageOf(job);
  const missing = missingFor(job, startImage);
  const request = { ...requestOfJob(job, startImage), seed: image.seed, samples: 1 };
  const settings = settingsOfJob(job, { seed: image.seed, startImage, model });
  const path = pathOf(image.url);
  const { width, height } = image;
  return (
    <div className="stack">
      <button
        type="button"
        className="primary"
        disabled={missing !== null}
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
        onClick={() => onUse({ ...settings, seed: null, startImage: path, ...drawnSize(model, image) })}
      >
        Use as start image
      </button>
      <button type="button" onClick={() => onUse(settings)}>
        Use these settings
      </button>
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
      {missing !== null && <small className="quiet">{missing}, so it cannot be regenerated here.</small>}
    </div>
  );
}

/** The server then picks a random seed. */
function withoutSeed({ seed: _, ...request }: JobCreate): JobCreate {
  return request;
}

/** What part of the request is no longer known: without it the picture would be a different one. */
function missingFor({ prompt, strength, mask_blur: maskBlur }: Job, startImage: string | null): string | null {
  if (prompt === null) return 'The prompt was not stored';
  if (strength !== null && startImage === null)
    return 'It was generated from a start image, which the server does not store';
  if (maskBlur !== null) return 'It was generated with a mask, which the server does not store';
  return null;
}

function Downloads({ path, seed }: { readonly path: string; readonly seed: number }) {
  const [problem, setProblem] = useState<string>();
  const download = async (type: (typeof pictureTypes)[number]) => {
    try {
      saveFile(await convertPicture(path, type), `${seed}.${type === 'jpeg' ? 'jpg' : type}`);
      setProblem(undefined);
    } catch (error) {
      setProblem(messageOf(error));
    }
  };
  return (
    <>
      <fieldset className="row wrap">
        <legend>Download</legend>
        {pictureTypes.map((type) => (
          <button key={type} type="button" onClick={() => void download(type)}>
            {type === 'webp' ? 'WebP' : type.toUpperCase()}
          </button>
        ))}
      </fieldset>
      {problem !== undefined && <Notice kind="error">{problem}</Notice>}
    </>
  );
}

function CopyActions({ job, image }: Pick<PictureActionsProps, 'job' | 'image'>) {
  const { origin } = window.location;
  const samples = codeSamples({ ...fieldsOf(job), seed: image.seed }, origin, job.model);
  return (
    <fieldset className="row wrap">
      <legend>Copy</legend>
      <CopyButton text={new URL(pathOf(image.url), origin).href}>Link</CopyButton>
      {samples.map(({ name, code }) => (
        <CopyButton key={name} text={code}>
          {name}
        </CopyButton>
      ))}
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
    ...(job.strength !== null && { image: 'BASE64 OF THE START IMAGE', strength: job.strength }),
    ...(job.mask_blur !== null && { mask: 'BASE64 OF THE MASK', mask_blur: job.mask_blur }),
    ...(job.mask_padding !== null && { mask_padding: job.mask_padding }),
    ...(job.upscale !== null && { upscale: job.upscale, upscaler: job.upscaler }),
    base64: false,
  };
}
