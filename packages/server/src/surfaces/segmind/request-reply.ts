import {
  microToNumber,
  type SegmindFailed,
  type SegmindImage,
  type SegmindResult,
  type SegmindStatus,
} from '@easel/contract';
import { timesOf, timesSoFar } from '../../http/replies/times.ts';
import { failureOf, picturesGone } from '../../http/requests/end-of-job.ts';
import type { JobView } from '../../jobs/job-queries.ts';
import type { JobRecord } from '../../jobs/jobs-port.ts';
import { fileNameOf, imageUrl, mediaTypeOf } from '../../pictures/image-file.ts';
import type { ImageRecord } from '../../pictures/job-images-port.ts';
import { requestUrls } from './urls.ts';

const statuses = { queued: 'QUEUED', running: 'PROCESSING', succeeded: 'COMPLETED' } as const;

/** How far a request is; null when it has failed. */
export function statusReply({ job }: JobView, base: string): SegmindStatus | null {
  const { id, state } = job;
  if (state === 'failed' || state === 'cancelled') return null;
  const { status_url, response_url } = requestUrls(id, base);
  const metrics = state === 'succeeded' ? timesOf(job) : timesSoFar(job);
  return { status: statuses[state], request_id: id, status_url, response_url, metrics };
}

/** What status and result say of a request that came to nothing; null when it has not. */
export function failedReply(job: JobRecord): SegmindFailed | null {
  const failure = failureOf(job);
  return failure && { status: 'FAILED', error: failure.message, request_id: job.id, metrics: timesOf(job) };
}

/**
 * @param remaining what the account can spend, in micro-credits
 * @throws DomainError `not_found` once the pictures are gone
 */
export function resultReply({ job, images }: JobView, base: string, remaining: bigint): SegmindResult {
  if (images[0] === undefined) {
    throw picturesGone(job);
  }
  const first = imageUrl(images[0], base);
  return {
    status: 'COMPLETED',
    images: images.map((image) => resultImage(image, base)),
    output: first,
    image: first,
    seed: String(job.request.seed),
    prompt: job.prompt ?? '',
    metrics: { cost: microToNumber(job.price), remaining_credits: microToNumber(remaining), ...timesOf(job) },
  };
}

function resultImage(image: ImageRecord, base: string): SegmindImage {
  return {
    url: imageUrl(image, base),
    content_type: mediaTypeOf(image.format),
    file_name: fileNameOf(image),
    file_size: image.bytes,
  };
}
