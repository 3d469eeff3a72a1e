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
