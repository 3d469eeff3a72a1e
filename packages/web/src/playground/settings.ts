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
  };
}
