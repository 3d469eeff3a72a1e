import { extendCanvas } from '@easel/engine';
import { expect, test } from 'vitest';
import { type Extension, extendPart, placeOf } from '../packages/web/src/settings/frame.ts';

const limits = { min_side: 64, max_side: 2048, side_step: 8, max_megapixels: 4 };

/** What the page asks for, as the margins of `--outpaint`: in whole steps, like the page's. */
function marginsOf(extension: Extension, { width, height }: { readonly width: number; readonly height: number }) {
  const whole = (pixels: number) => Math.round(pixels / 8) * 8;
  if ('zoomOut' in extension) {
    const [x, y] = [width, height].map((side) => whole((side * (extension.zoomOut - 1)) / 2));
    return { left: x ?? 0, right: x ?? 0, top: y ?? 0, bottom: y ?? 0 };
  }
  const towards = (way: string, side: number) => (extension.pan === way ? whole(side / 2) : 0);
  return {
    left: towards('left', width),
    right: towards('right', width),
    top: towards('up', height),
    bottom: towards('down', height),
  };
}

test.each([
  [256, 256],
  [250, 131],
  [77, 400],
  [1000, 667],
])(
  'the page extends a picture of %i×%i to the same canvas as the command line, and keeps its pixels',
  (width, height) => {
    const picture = { width, height, data: new Uint8Array(3 * width * height) };
    for (const extension of [
      { zoomOut: 1.5 },
      { zoomOut: 2 },
      { pan: 'left' },
      { pan: 'right' },
      { pan: 'up' },
      { pan: 'down' },
    ] as const) {
      const margins = marginsOf(extension, picture);
      const canvas = extendCanvas(picture, margins).picture;
      const framed = extendPart(picture, extension, limits);
      expect([framed.width, framed.height], JSON.stringify(extension)).toEqual([canvas.width, canvas.height]);
      expect(placeOf(framed.frame, picture, framed)).toEqual({ x: margins.left, y: margins.top, width, height });
    }
  },
);
