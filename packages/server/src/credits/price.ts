import { type FilledRequest, priceOf, type Tariff } from '@easel/contract';

/** In micro-credits: what a request costs when it ends well. */
export function priceOfRequest(
  { samples, steps, width, height }: Pick<FilledRequest, 'samples' | 'steps' | 'width' | 'height'>,
  tariff: Tariff,
): bigint {
  return priceOf({ samples, steps, width, height }, tariff);
}
