import {
  aspectRatios,
  faultOfSize,
  type Model,
  type ModelList,
  modelListSchema,
  modelParameters,
  paths,
  sideStep,
  sizeOfAspectRatio,
} from '@easel/contract';
import type { ModelCard } from '../../../domain/ports/painter.ts';
import type { HttpApp, RouteContext } from '../../http-app.ts';
import { callerHeaders } from '../../schemas/headers.ts';
import { errorReplies, jsonReply, keyErrors } from '../../schemas/replies.ts';
import { needsKey } from '../../schemas/security.ts';

const schema = {
  operationId: 'listModels',
  tags: ['models'],
  summary: 'The models, what they draw and what they take where a request is silent',
  security: needsKey,
  response: {
    200: jsonReply('The models', modelListSchema, callerHeaders),
    ...errorReplies('api', ...keyErrors),
  },
} as const;

/** GET /api/models */
export function modelsRoute(app: HttpApp, { services, gate }: RouteContext): void {
  app.get(
    paths.api.models,
    { schema, onRequest: gate.ownKey },
    async (): Promise<ModelList> => ({ models: services.models().map(modelReply) }),
  );
}

function modelReply({ slug, name, isDefault, isEmbedded, licence, defaults, sizes, allowed }: ModelCard): Model {
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
    parameters: modelParameters(
      {
        width: { range: { min: sizes.minSide, max: sizes.maxSide } },
        height: { range: { min: sizes.minSide, max: sizes.maxSide } },
        ...allowed,
      },
      defaults,
    ),
    sizes: aspectRatios
      .map((ratio) => ({
        aspect_ratio: ratio,
        ...sizeOfAspectRatio(ratio, { nativeSide: defaults.width, maxSide: sizes.maxSide }),
      }))
      .filter((size) => faultOfSize(size, sizes) === undefined),
  };
}
