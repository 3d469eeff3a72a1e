import {
  aspectRatios,
  faultOfSize,
  type Model,
  type ModelParameter,
  modelParameters,
  sideStep,
  sizeOfAspectRatio,
} from '@easel/contract';
import type { ModelCard } from './painter.ts';

/** What is told of a model. */
export function modelReply(card: ModelCard): Model {
  const { slug, name, isDefault, isEmbedded, licence, defaults, sizes } = card;
  return {
    id: slug,
    name,
    is_default: isDefault,
    is_embedded: isEmbedded,
    licence:
      licence === undefined
        ? null
        : { ...licence, link: licence.link ?? null, attributions: [...licence.attributions] },
    defaults: {
      img_width: defaults.width,
      img_height: defaults.height,
      num_inference_steps: defaults.steps,
      guidance_scale: defaults.guidanceScale,
      scheduler: defaults.scheduler,
    },
    limits: {
      min_side: sizes.minSide,
      max_side: sizes.maxSide,
      side_step: sideStep,
      max_megapixels: sizes.maxMegapixels,
    },
    parameters: parametersOf(card),
    sizes: aspectRatios
      .map((ratio) => ({
        aspect_ratio: ratio,
        ...sizeOfAspectRatio(ratio, { nativeSide: defaults.width, maxSide: sizes.maxSide }),
      }))
      .filter((size) => faultOfSize(size, sizes) === undefined),
  };
}

/** What the fields of a request may be with this model, and what they are where a request is silent, by their names in `POST /api/jobs`. */
export function parametersOf({ sizes, allowed, defaults }: ModelCard): Record<string, ModelParameter> {
  const range = { min: sizes.minSide, max: sizes.maxSide };
  return modelParameters({ width: { range }, height: { range }, ...allowed }, defaults);
}
