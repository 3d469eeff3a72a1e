import type { Job, JobCreate, Model } from '@easel/contract';

export type Scheduler = NonNullable<JobCreate['scheduler']>;
export type Format = NonNullable<JobCreate['image_format']>;

/** What the form holds. */
export interface Settings {
  readonly prompt: string;
  readonly negativePrompt: string;
  readonly model: string;
  readonly width: number;
  readonly height: number;
  readonly samples: number;
  readonly steps: number;
  readonly guidanceScale: number;
  /** Null: a new one each time. */
  readonly seed: number | null;
  readonly scheduler: Scheduler;
  readonly format: Format;
  /** A data URL, or the address of a picture of this server. */
  readonly startImage: string | null;
  readonly strength: number;
  /** Whether somebody has chosen the shape: a start image then leaves it as it is. */
  readonly isShapeChosen: boolean;
}

export function defaultSettings(model: Model): Settings {
  const { defaults } = model;
  return {
    prompt: '',
    negativePrompt: '',
    model: model.id,
    width: defaults.img_width,
    height: defaults.img_height,
    samples: 1,
    steps: defaults.num_inference_steps,
    guidanceScale: defaults.guidance_scale,
    seed: null,
    scheduler: defaults.scheduler,
    format: 'png',
    startImage: null,
    strength: 0.6,
    isShapeChosen: false,
  };
}

/** The job for the form. An empty negative prompt is none at all. */
export function jobOf(settings: Settings): JobCreate {
  const { startImage, seed } = settings;
  return {
    prompt: settings.prompt,
    model: settings.model,
    samples: settings.samples,
    num_inference_steps: settings.steps,
    guidance_scale: settings.guidanceScale,
    img_width: settings.width,
    img_height: settings.height,
    scheduler: settings.scheduler,
    image_format: settings.format,
    preview: true,
    ...(seed !== null && { seed }),
    ...(settings.negativePrompt !== '' && { negative_prompt: settings.negativePrompt }),
    ...(startImage !== null && { image: startImage, strength: settings.strength }),
  };
}

/** The request that makes a picture of a job again, those of its fields included that the form does not have. */
export function requestOfJob(job: Job, startImage: string | null): JobCreate {
  return {
    prompt: job.prompt ?? '',
    ...(job.prompt_2 !== null && { prompt_2: job.prompt_2 }),
    // An empty one is not the same as none: it is read.
    ...(job.negative_prompt !== null && { negative_prompt: job.negative_prompt }),
    model: job.model,
    samples: job.samples,
    num_inference_steps: job.num_inference_steps,
    guidance_scale: job.guidance_scale,
    guidance_rescale: job.guidance_rescale,
    seed: job.seed,
    img_width: job.img_width,
    img_height: job.img_height,
    scheduler: job.scheduler,
    image_format: job.image_format,
    quality: job.quality,
    preview: true,
    ...(startImage !== null && job.strength !== null && { image: startImage, strength: job.strength }),
  };
}

/** The form that would make a job again. @param startImage what it started from; the server keeps no more than its strength */
export function settingsOfJob(job: Job, seed: number | null, startImage: string | null): Settings {
  return {
    prompt: job.prompt ?? '',
    negativePrompt: job.negative_prompt ?? '',
    model: job.model,
    width: job.img_width,
    height: job.img_height,
    samples: 1,
    steps: job.num_inference_steps,
    guidanceScale: job.guidance_scale,
    scheduler: job.scheduler,
    format: job.image_format,
    seed,
    startImage,
    strength: job.strength ?? 0.6,
    isShapeChosen: true,
  };
}
