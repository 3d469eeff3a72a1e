import type { JobRequest } from '../jobs/job-request.ts';
import type { PaintedImage } from './painter.ts';

export interface ReviewedImage {
  readonly jobId: string;
  /** 0, 1, … among the samples. */
  readonly index: number;
  readonly image: PaintedImage;
  readonly request: JobRequest;
}

export interface Verdict {
  readonly accept: boolean;
  /** For the one who asked for the picture. */
  readonly reason?: string;
}

/** The operator's own look at every picture before anyone else sees it. */
export interface ReviewHook {
  review(image: ReviewedImage, signal: AbortSignal): Promise<Verdict>;
}
