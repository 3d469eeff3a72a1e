import { extname } from 'node:path';
import { type ImageFormat, imageFormats as pictureFormats } from '@easel/contract/fields';
import { CodedError } from '@easel/errors';

export type PictureFormat = ImageFormat;

/** What `--format` takes: the names, and the one that most people type for the second. */
export const formatNames = [...pictureFormats, 'jpg'] as const;

/** @param name one of `formatNames` */
export function formatOfName(name: string): PictureFormat {
  return pictureFormats.find((format) => format === name) ?? 'jpeg';
}

const formatOfExtension: Readonly<Record<string, PictureFormat>> = {
  '.png': 'png',
  '.jpg': 'jpeg',
  '.jpeg': 'jpeg',
  '.jfif': 'jpeg',
  '.webp': 'webp',
};

/** Extensions that would promise a format which is not written. */
const otherPictures = new Set([
  '.avif',
  '.bmp',
  '.gif',
  '.heic',
  '.heif',
  '.jp2',
  '.jxl',
  '.ppm',
  '.svg',
  '.tif',
  '.tiff',
]);

/**
 * The format of the file `path`: the one asked for, else that of its extension, else PNG.
 *
 * @throws CodedError `usage` when the extension promises another format, so that no file lies about its content.
 */
export function formatFor(path: string | undefined, asked: PictureFormat | undefined): PictureFormat {
  const extension = path === undefined ? '' : extname(path).toLowerCase();
  const promised = formatOfExtension[extension];
  if (promised === undefined && otherPictures.has(extension)) {
    throw new CodedError(
      'usage',
      `${extension} files are not written (got --output ${path}); the formats are ${pictureFormats.join(', ')}`,
    );
  }
  if (promised !== undefined && asked !== undefined && promised !== asked) {
    throw new CodedError(
      'usage',
      `--format ${asked} contradicts the extension of --output ${path}; leave one of them out`,
    );
  }
  return asked ?? promised ?? 'png';
}

export function extensionOf(format: PictureFormat): string {
  return format === 'jpeg' ? '.jpg' : `.${format}`;
}
