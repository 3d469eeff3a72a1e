import type { JobRequest } from '../domain/job-request.ts';
import type { ModelCard } from '../domain/ports/painter.ts';

/** Enough to have run every network of the model once; nobody sees the picture. */
const STEPS = 2;

/** A picture at the model's native size, the usual one: what is prepared for it serves the first real requests. */
export function warmUpRequest({ slug, defaults }: ModelCard): JobRequest {
  const { width, height, guidanceScale, scheduler } = defaults;
  return {
    model: slug,
    prompt: 'a red apple on a blue background',
    prompt2: null,
    negativePrompt: null,
    width,
    height,
    samples: 1,
    steps: STEPS,
    guidanceScale,
    guidanceRescale: 0,
    seed: 1,
    scheduler,
    format: 'jpeg',
    quality: 95,
    embedParameters: false,
    image: null,
    strength: null,
    preview: false,
  };
}
