import {
  formatSize,
  type OpenaiImage,
  type OpenaiImagesReply,
  type OpenaiImagesRequest,
  type OpenaiUsage,
} from '@easel/contract';
import { picturesGone } from '../../http/requests/end-of-job.ts';
import type { HttpServices } from '../../http/services.ts';
import type { JobView } from '../../jobs/job-queries.ts';
import type { JobRecord } from '../../jobs/jobs-port.ts';
import { imageUrl } from '../../pictures/image-file.ts';
import type { ImageRecord } from '../../pictures/job-images-port.ts';

type Format = NonNullable<OpenaiImagesRequest['response_format']>;

export async function imagesReply(
  services: Pick<HttpServices, 'images' | 'tokenize'>,
  { job, images }: JobView,
  format: Format,
  base: string,
): Promise<OpenaiImagesReply> {
  if (images.length === 0) throw picturesGone(job);
  const { request, createdAt } = job;
  return {
    created: unixTime(createdAt),
    data: await Promise.all(images.map((image) => imageOf(services, image, format, base))),
    size: formatSize(request),
    output_format: request.format,
    usage: await usageOf(services, job),
  };
}

export function unixTime(moment: Date): number {
  return Math.floor(moment.getTime() / 1000);
}

/** The tokens of the prompt as the first encoder counts them, markers not among them; a picture counts as one. */
export async function usageOf(
  services: Pick<HttpServices, 'tokenize'>,
  { request }: Pick<JobRecord, 'request'>,
): Promise<OpenaiUsage> {
  const [tokens] = await services.tokenize(request.model, request.prompt);
  const input = tokens?.count ?? 0;
  return {
    input_tokens: input,
    input_tokens_details: { image_tokens: 0, text_tokens: input },
    output_tokens: request.samples,
    total_tokens: input + request.samples,
  };
}

export async function base64Of({ images }: Pick<HttpServices, 'images'>, name: string): Promise<string> {
  return Buffer.from(await images.read(name)).toString('base64');
}

async function imageOf(
  services: Pick<HttpServices, 'images'>,
  image: ImageRecord,
  format: Format,
  base: string,
): Promise<OpenaiImage> {
  const { seed } = image;
  return format === 'url'
    ? { url: imageUrl(image, base), seed }
    : { b64_json: await base64Of(services, image.name), seed };
}
