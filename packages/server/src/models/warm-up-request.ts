import { fillRequest } from '@easel/contract';
import type { JobRequest } from '../jobs/job-request.ts';
import type { ModelCard } from './painter.ts';

/** Enough to have run every network of the model once; nobody sees the picture. */
const STEPS = 2;

/** A picture at the model's native size, the usual one: what is prepared for it serves the first real requests. */
export function warmUpRequest({ slug, defaults }: ModelCard): JobRequest {
  const own = { prompt: 'a red apple on a blue background', steps: STEPS, seed: 1, embedParameters: false };
  return fillRequest(own, { ...defaults, model: slug });
}
