import { type Image, thumbnailWidths } from '@easel/contract';

/** Of a picture in a list: the browser takes the smallest file that is large enough. @param sizes as of an `img` element */
export function listedSource({ url, width }: Image, sizes: string) {
  const path = pathOf(url);
  const smaller = thumbnailWidths.filter((each) => Number(each) < width);
  if (smaller.length === 0) return { src: path };
  const srcSet = [...smaller.map((each) => `${path}?w=${each} ${each}w`), `${path} ${width}w`].join(', ');
  return { src: path, srcSet, sizes };
}

/** Pictures are asked for where the page came from, whatever name the server knows itself by. */
export function pathOf(url: string): string {
  return new URL(url, window.location.origin).pathname;
}

export const pictureTypes = ['jpeg', 'png', 'webp'] as const;

/**
 * The picture as a file of that type, which says of itself what the server's says: the file of the server where it already is of
 * that type, else one that the browser makes.
 */
export async function convertPicture(path: string, type: (typeof pictureTypes)[number]): Promise<Blob> {
  const reply = await fetch(path);
  if (!reply.ok) throw new Error('the picture is no longer kept');
  const file = await reply.blob();
  if (file.type === `image/${type}`) return file;
  const bitmap = await createImageBitmap(file);
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  canvas.getContext('2d', { alpha: false })?.drawImage(bitmap, 0, 0);
  const converted = await canvas.convertToBlob({ type: `image/${type}`, quality: 0.95 });
  // A canvas keeps pixels only. What it cannot encode it makes a PNG of.
  if (converted.type !== `image/${type}`) throw new Error(`this browser cannot make ${type.toUpperCase()} files`);
  const { copyParameters } = await import('@easel/parameters'); // not with the page: few ever need it
  const [from, to] = await Promise.all([file.arrayBuffer(), converted.arrayBuffer()]);
  return new Blob([copyParameters(new Uint8Array(from), new Uint8Array(to))], { type: converted.type });
}

/** Hands a file to the browser's downloads. */
export function saveFile(file: Blob, name: string): void {
  const address = URL.createObjectURL(file);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
