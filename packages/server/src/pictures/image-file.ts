import type { Image, ImageFormat } from '@easel/contract';
import type { ImageRecord } from './job-images-port.ts';

type Described = Pick<ImageRecord, 'name' | 'format'>;

/** The ending of a format's files. */
const endings = { jpeg: 'jpg', png: 'png', webp: 'webp' } as const satisfies Record<ImageFormat, string>;

export function mediaTypeOf(format: ImageFormat): Image['content_type'] {
  return `image/${format}`;
}

export function fileNameOf({ name, format }: Described): string {
  return `${name}.${endings[format]}`;
}

/** Where a picture is; whoever knows the address may see it. */
export function imageUrl(image: Described, base: string): string {
  return `${base}/api/images/${fileNameOf(image)}`;
}

/** A picture of a job, as `/api` tells it. */
export function imageReply(image: ImageRecord, base: string): Image {
  const { name, format, bytes, width, height, seed } = image;
  return {
    id: name,
    url: imageUrl(image, base),
    content_type: mediaTypeOf(format),
    file_name: fileNameOf(image),
    file_size: bytes,
    width,
    height,
    seed,
  };
}
