import { join } from 'node:path';
import type { StoredKind } from './image-store.ts';

const extensions: Readonly<Record<StoredKind, string>> = { jpeg: 'jpg', png: 'png', webp: 'webp', start: 'start' };
const NAME = /^[0-9a-f]{32}$/;
const FILE = /^([0-9a-f]{32})\.(?:jpg|png|webp|start)$/;

/** In the name of a file that is still being written. */
export const TEMPORARY_MARK = '.partial-';

/**
 * The file of a picture, relative to the store's folder. A folder of very many entries is slow in many file systems, hence the
 * two levels.
 *
 * @throws TypeError for what is no name of a picture: it might lead out of the folder
 */
export function imageFile(name: string, kind: StoredKind): string {
  if (!NAME.test(name)) throw new TypeError('the name of a picture is 32 hexadecimal digits');
  return join(name.slice(0, 2), name.slice(2, 4), `${name}.${extensions[kind]}`);
}

/** The name of the picture in a file; undefined when the file is none. */
export function nameOfImageFile(file: string): string | undefined {
  return FILE.exec(file)?.[1];
}
