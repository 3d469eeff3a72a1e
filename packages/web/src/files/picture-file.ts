import { type Image, thumbnailWidths } from '@easel/contract';

/** The sources of a picture in a list, from which the browser takes the smallest that is large enough. @param sizes as of an `img` element */
export function listedSource({ url, width }: Image, sizes: string) {
  const path = pathOf(url);
  const smaller = thumbnailWidths.filter((each) => Number(each) < width);
  if (smaller.length === 0) return { src: path };
  const srcSet = [...smaller.map((each) => `${path}?w=${each} ${each}w`), `${path} ${width}w`].join(', ');
  return { src: path, srcSet, sizes };
}

/** A small version of a picture, where there is one. @param least in pixels */
export function thumbnailOf({ url, width }: Image, least = 320): string {
  const small = thumbnailWidths.find((each) => Number(each) >= least && Number(each) < width);
  return small === undefined ? pathOf(url) : `${pathOf(url)}?w=${small}`;
}

/**
 * The sources of a picture among many others: never more than the largest thumbnail, which is much less than the file.
 *
 * @param width in CSS pixels; the browser takes its own pixels into account
 */
export function thumbnailSource({ url, width: whole }: Image, width: number) {
  const path = pathOf(url);
  const smaller = thumbnailWidths.filter((each) => Number(each) < whole);
  const largest = thumbnailWidths.at(-1);
  const isSmall = largest === undefined || whole <= Number(largest);
  const candidates = [
    ...smaller.map((each) => `${path}?w=${each} ${each}w`),
    ...(isSmall ? [`${path} ${whole}w`] : []),
  ];
  return { src: isSmall ? path : `${path}?w=${largest}`, srcSet: candidates.join(', '), sizes: `${width}px` };
}

/** The path of a picture: it is fetched from the page's own origin, whatever host name the server uses for itself. */
export function pathOf(url: string): string {
  return new URL(url, window.location.origin).pathname;
}

export const pictureTypes = ['jpeg', 'png', 'webp'] as const;

/**
 * A picture as a file of the given type, with the same metadata: the server's file if it already has that type, otherwise converted
 * by the browser.
 */
export async function convertPicture(path: string, type: (typeof pictureTypes)[number]): Promise<Blob> {
  const reply = await fetch(path);
  if (!reply.ok) throw new Error('the picture is no longer available');
  const file = await reply.blob();
  if (file.type === `image/${type}`) return file;
  const bitmap = await createImageBitmap(file);
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  canvas.getContext('2d', { alpha: false })?.drawImage(bitmap, 0, 0);
  const converted = await canvas.convertToBlob({ type: `image/${type}`, quality: 0.95 });
  // A canvas keeps pixels only, and falls back to PNG for types that it cannot encode.
  if (converted.type !== `image/${type}`) throw new Error(`this browser cannot save ${type.toUpperCase()} files`);
  const { copyParameters } = await import('@easel/parameters'); // loaded on demand: few users need it
  const [from, to] = await Promise.all([file.arrayBuffer(), converted.arrayBuffer()]);
  return new Blob([copyParameters(new Uint8Array(from), new Uint8Array(to))], { type: converted.type });
}

/** Downloads a file. */
export function saveFile(file: Blob, name: string): void {
  const address = URL.createObjectURL(file);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
