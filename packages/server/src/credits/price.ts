import { priceOf, type Tariff } from '@easel/contract';
import type { JobRequest } from '../jobs/job-request.ts';

/** In micro-credits: what a request costs when it ends well. */
export function priceOfRequest(
  { samples, steps, width, height }: Pick<JobRequest, 'samples' | 'steps' | 'width' | 'height'>,
  tariff: Tariff,
): bigint {
  return priceOf({ samples, steps, width, height }, tariff);
}
