import { type OpenaiImagesRequest, offeredSizes, type Size, sizeForOpenai } from '@easel/contract';
import { DomainError } from '../../domain-error.ts';
import type { ModelCard } from '../../models/model-card.ts';

/** How many previews the reply shall have: none but on a stream. */
export function previewsOf({ stream = false, partial_images = 0 }: OpenaiImagesRequest): number {
  return stream ? partial_images : 0;
}

/** The size that is drawn for one of this surface. @throws DomainError `invalid_request` for a size that the model lacks */
export function sizeOf(text: string, card: ModelCard): Size {
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
