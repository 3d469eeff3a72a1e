import { randomInt } from 'node:crypto';
import {
  defaults,
  faultOfSize,
  type JobCreate,
  negativePromptOf,
  RANDOM_SEED_MAX,
  requestedSize,
  SEED_RANDOM,
  type SideNames,
  type Size,
  sideNamesOf,
  sizeForPicture,
} from '@easel/contract';
import { DomainError } from '../../domain/domain-error.ts';
import type { JobRequest } from '../../domain/job-request.ts';
import type { ModelCard } from '../../domain/ports/painter.ts';

/** The fields of all surfaces that say what the picture is to be, valid by their schema. */
export type PictureFields = Omit<JobCreate, 'model' | 'base64' | 'priority' | 'store'>;

/**
 * What is to be made, every default filled in and the seed drawn.
 *
 * @param picture the size of the picture to start from, whose shape is taken where no size is named; the picture itself becomes part of the
 *   request when the job is taken
 * @throws DomainError `invalid_request` for a size that the model does not draw
 */
export function jobRequestOf(fields: PictureFields, card: ModelCard, picture: Size | null): JobRequest {
  const { defaults: native, sizes } = card;
  const isOpen = picture !== null && !namesSize(fields);
  const size = isOpen ? sizeForPicture(picture, native.width, sizes) : requestedSize(fields, native, sizes);
  const { width, height } = sizeFor(size, card, sideNamesOf(fields));
  return {
    model: card.slug,
    prompt: fields.prompt,
    prompt2: fields.prompt_2 ?? null,
    negativePrompt: negativePromptOf(fields.negative_prompt),
    width,
    height,
    samples: fields.samples ?? defaults.samples,
    steps: fields.num_inference_steps ?? card.defaults.steps,
    guidanceScale: fields.guidance_scale ?? card.defaults.guidanceScale,
    guidanceRescale: fields.guidance_rescale ?? defaults.guidanceRescale,
    seed: seedFor(fields.seed ?? defaults.seed),
    scheduler: fields.scheduler ?? card.defaults.scheduler,
    format: fields.image_format ?? defaults.imageFormat,
    quality: fields.quality ?? defaults.quality,
    embedParameters: fields.embed_parameters ?? true,
    image: null,
    strength: picture === null ? null : (fields.strength ?? defaults.strength),
    preview: fields.preview ?? false,
  };
}

function namesSize({ img_width, img_height, width, height, aspect_ratio }: PictureFields): boolean {
  return [img_width, img_height, width, height, aspect_ratio].some((each) => each !== undefined);
}

/** @throws DomainError `invalid_request` for a size that the model does not draw */
export function sizeFor(size: Size, card: ModelCard, names: SideNames): Size {
  const fault = faultOfSize(size, card.sizes, names);
  if (fault === undefined) return size;
  throw new DomainError('invalid_request', fault.message, fault.param === undefined ? {} : { param: fault.param });
}

function seedFor(seed: number): number {
  return seed === SEED_RANDOM ? randomInt(RANDOM_SEED_MAX + 1) : seed;
}
