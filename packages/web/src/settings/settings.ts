import {
  type ControlValues,
  defaults,
  type Job,
  type JobCreate,
  type Model,
  readTold,
  writeRequest,
} from '@easel/contract';
import { controlDefaults, controlValues } from './form-controls.ts';

/** What the form holds: the sliders and choices of the table of fields, and what has a component of its own. */
export interface Settings extends ControlValues {
  readonly prompt: string;
  readonly negativePrompt: string;
  readonly model: string;
  readonly width: number;
  readonly height: number;
  /** Null: a new one each time. */
  readonly seed: number | null;
  /** A data URL, or the address of a picture of this server. */
  readonly startImage: string | null;
  /** Whether somebody has chosen the shape: a start image then leaves it as it is. */
  readonly isShapeChosen: boolean;
}

export function defaultSettings(model: Model): Settings {
  return {
    ...controlDefaults(model),
    prompt: '',
    negativePrompt: '',
    model: model.id,
    width: model.defaults.img_width,
    height: model.defaults.img_height,
    seed: null,
    startImage: null,
    isShapeChosen: false,
  };
}

/** The job for the form. An empty negative prompt is none at all. */
export function jobOf({ startImage, seed, strength, negativePrompt, ...settings }: Settings): JobCreate {
  return writeRequest({
    ...settings,
    preview: true,
    seed: seed ?? undefined,
    negativePrompt: negativePrompt === '' ? undefined : negativePrompt,
    ...startOf(startImage, strength),
  });
}

/** The request that makes a picture of a job again, those of its fields included that the form does not have. */
export function requestOfJob(job: Job, startImage: string | null): JobCreate {
  const { strength, ...told } = readTold(job);
  return writeRequest({ ...told, prompt: job.prompt ?? '', preview: true, ...startOf(startImage, strength) });
}

function startOf(image: string | null, strength: number | undefined) {
  return image === null || strength === undefined ? {} : { image, strength };
}

/** The form that would make a job again. @param startImage what it started from; the server keeps no more than its strength */
export function settingsOfJob(job: Job, seed: number | null, startImage: string | null): Settings {
  return {
    ...controlsOfJob(job),
    samples: 1,
    prompt: job.prompt ?? '',
    negativePrompt: job.negative_prompt ?? '',
    model: job.model,
    width: job.img_width,
    height: job.img_height,
    strength: job.strength ?? defaults.strength,
    seed,
    startImage,
    isShapeChosen: true,
  };
}

function controlsOfJob(job: Job): ControlValues {
  return { ...controlDefaults({ parameters: {} }), ...controlValues({ parameters: {} }, told(job)) };
}

function told(job: Job): (name: string) => unknown {
  const values = new Map<string, unknown>(Object.entries(readTold(job)));
  return (name) => values.get(name);
}
