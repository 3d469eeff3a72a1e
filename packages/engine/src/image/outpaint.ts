import type { Mask } from './mask.ts';
import type { DecodedPicture } from './picture.ts';

/** Pixels on each side. */
export interface Margins {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/**
 * A picture with more space around it, and the mask that has that space painted. The space is filled with the outermost pixels, which is what
 * the networks see at its border. Both sides are rounded up to a multiple of 8, at the right and at the bottom.
 *
 * @example
 * const { picture, mask } = extendCanvas(photo, { left: 128, right: 128, top: 0, bottom: 0 });
 * await model.generate({ prompt, width: picture.width, height: picture.height, image: { picture, mask } });
 */
export function extendCanvas(picture: DecodedPicture, margins: Margins): { picture: DecodedPicture; mask: Mask } {
  const { left, top } = margins;
  const [width, height] = [picture.width + left + margins.right, picture.height + top + margins.bottom].map(
    (side) => Math.ceil(side / 8) * 8,
  );
  const data = new Uint8Array(3 * width * height);
  const mask = new Uint8Array(width * height).fill(255);
  for (let y = 0; y < height; y++) {
    const row = Math.min(Math.max(y - top, 0), picture.height - 1);
    for (let x = 0; x < width; x++) {
      const from = 3 * (row * picture.width + Math.min(Math.max(x - left, 0), picture.width - 1));
      data.set(picture.data.subarray(from, from + 3), 3 * (y * width + x));
    }
    if (row === y - top) mask.fill(0, y * width + left, y * width + left + picture.width);
  }
  return { picture: { width, height, data }, mask: { width, height, data: mask } };
}
