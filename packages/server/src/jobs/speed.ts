import { PIXELS_PER_MEGAPIXEL } from '@easel/contract';
import { DomainError } from '../domain-error.ts';
import type { Painting } from '../models/painter.ts';
import type { JobRequest } from './job-request.ts';
import type { WorkAmount } from './jobs-port.ts';
import type { ModelSpeed } from './settings-port.ts';

/** Of the newest run; the rest is the memory of those before. */
const WEIGHT = 0.3;

const SHORTEST_EXPIRY_S = 15 * 60;
/** The queue keeps a run no longer than this. */
const LONGEST_EXPIRY_S = 24 * 60 * 60;
/** A run that takes this many times its estimate is taken for hung. */
const PATIENCE = 10;

type Work = Pick<JobRequest, 'samples' | 'steps' | 'width' | 'height'>;

export function amountOfWork({ samples, steps, width, height }: Work): WorkAmount {
  return { jobs: 1, stepMegapixels: (samples * steps * width * height) / PIXELS_PER_MEGAPIXEL, images: samples };
}

/** Milliseconds that the work takes on one worker. */
export function estimateMs({ stepMegapixels, images }: Omit<WorkAmount, 'jobs'>, speed: ModelSpeed): number {
  return stepMegapixels * speed.msPerStepMegapixel + images * speed.msPerImage;
}

/** The speed after one more run: a moving average in which older runs count less and less. */
export function learnSpeed(
  speed: ModelSpeed | null,
  { images, steps, denoiseMs, otherMs }: Painting,
  { width, height }: Pick<JobRequest, 'width' | 'height'>,
): ModelSpeed {
  const megapixels = (width * height) / PIXELS_PER_MEGAPIXEL;
  // A picture that was to be kept as it is takes no step and says nothing of their speed.
  const msPerStepMegapixel = steps > 0 ? denoiseMs / (steps * megapixels) : (speed?.msPerStepMegapixel ?? 0);
  const msPerImage = images.length > 0 ? otherMs / images.length : 0;
  if (speed === null) return { msPerStepMegapixel, msPerImage, runs: 1 };
  return {
    msPerStepMegapixel: mix(speed.msPerStepMegapixel, msPerStepMegapixel),
    msPerImage: mix(speed.msPerImage, msPerImage),
    runs: speed.runs + 1,
  };
}

/**
 * Seconds after which a run is taken for hung. Of a model that has not run yet nothing is known, and it gets the most there is:
 * a worker that died is noticed by its silence, not by this.
 *
 * @throws DomainError `invalid_request` for work that would not fit
 */
export function expiryOf(work: Work, speed: ModelSpeed | null): number {
  if (speed === null) return LONGEST_EXPIRY_S;
  const seconds = Math.ceil((PATIENCE * estimateMs(amountOfWork(work), speed)) / 1000);
  if (seconds <= LONGEST_EXPIRY_S) return Math.max(seconds, SHORTEST_EXPIRY_S);
  const hours = LONGEST_EXPIRY_S / PATIENCE / 3600;
  throw new DomainError(
    'invalid_request',
    `this would take about ${(seconds / PATIENCE / 3600).toFixed(1)} hours on this server, and a job may take ${hours}; ` +
      'ask for fewer samples, fewer steps or a smaller picture',
  );
}

function mix(old: number, newest: number): number {
  return (1 - WEIGHT) * old + WEIGHT * newest;
}
