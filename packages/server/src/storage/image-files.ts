import { join } from 'node:path';
import type { ImageFormat } from '@easel/contract';

const extensions: Readonly<Record<ImageFormat, string>> = { jpeg: 'jpg', png: 'png', webp: 'webp' };
const NAME = /^[0-9a-f]{32}$/;
const FILE = /^([0-9a-f]{32})\.(?:jpg|png|webp)$/;

/** In the name of a file that is still being written. */
export const TEMPORARY_MARK = '.partial-';

/**
 * The file of a picture, relative to the store's folder. A folder of very many entries is slow in many file systems, hence the
 * two levels.
 *
 * @throws TypeError for what is no name of a picture: it might lead out of the folder
 */
export function imageFile(name: string, format: ImageFormat): string {
  if (!NAME.test(name)) throw new TypeError('the name of a picture is 32 hexadecimal digits');
  return join(name.slice(0, 2), name.slice(2, 4), `${name}.${extensions[format]}`);
}

/** The name of the picture in a file; undefined when the file is none. */
export function nameOfImageFile(file: string): string | undefined {
  return FILE.exec(file)?.[1];
}
