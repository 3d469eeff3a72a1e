import { type OpenaiImagesRequest, offeredSizes, type Size, sizeForOpenai } from '@easel/contract';
import { DomainError } from '../../../domain/domain-error.ts';
import type { ModelCard } from '../../../domain/ports/painter.ts';
import type { PictureFields } from '../../requests/job-request.ts';

/** A request of this surface in the words of the others. @throws DomainError `invalid_request` for a size that the model lacks */
export function pictureFieldsOf(body: OpenaiImagesRequest, card: ModelCard): PictureFields {
  const { prompt, n, seed, negative_prompt, num_inference_steps, guidance_scale } = body;
  const { width, height } = sizeOf(body.size ?? 'auto', card);
  return {
    prompt,
    img_width: width,
    img_height: height,
    image_format: body.output_format ?? 'png',
    quality: Math.max(1, body.output_compression ?? 100),
    preview: previewsOf(body) > 0,
    ...(n === undefined ? {} : { samples: n }),
    ...(seed === undefined ? {} : { seed }),
    ...(negative_prompt === undefined ? {} : { negative_prompt }),
    ...(num_inference_steps === undefined ? {} : { num_inference_steps }),
    ...(guidance_scale === undefined ? {} : { guidance_scale }),
  };
}

/** How many previews the reply shall have: none but on a stream. */
export function previewsOf({ stream = false, partial_images = 0 }: OpenaiImagesRequest): number {
  return stream ? partial_images : 0;
}

function sizeOf(text: string, card: ModelCard): Size {
  const size = sizeForOpenai(text, card.defaults, card.sizes);
  if (size !== undefined) return size;
  const offered = ['auto', ...offeredSizes(card.defaults.width, card.sizes)].join(', ');
  const { minSide, maxSide, maxMegapixels } = card.sizes;
  throw new DomainError(
    'invalid_request',
    `size must be one that ${card.slug} draws: ${offered}, or any with sides from ${minSide} to ${maxSide}, multiples of 8, ` +
      `of at most ${maxMegapixels} megapixels (got ${text})`,
    { param: 'size' },
  );
}
