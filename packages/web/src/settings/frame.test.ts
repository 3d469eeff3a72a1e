import { expect, test } from 'vitest';
import { demoModel } from '../../test/demo-model.ts';
import { centred, extendPart, frameOf, framePart, leavesSpace, moveBetween, partOf, placeOf } from './frame.ts';

const limits = { ...demoModel.limits, max_megapixels: 1.6 };
const full = { min_side: 512, max_side: 1536, side_step: 8, max_megapixels: 1.6 };
const photo = { width: 900, height: 300 };
const square = { width: 256, height: 256 };

test('a picture fills the frame from its centre, or fits into it, and is never distorted', () => {
  const filled = placeOf(frameOf({ framing: 'fill', frame: centred }, photo, square), photo, square);
  expect(filled).toEqual({ x: -256, y: 0, width: 768, height: 256 });
  expect(leavesSpace(filled, square)).toBe(false);
  const fitted = placeOf(frameOf({ framing: 'fit', frame: centred }, photo, square), photo, square);
  expect(fitted).toEqual({ x: 0, y: 85, width: 256, height: 86 });
  expect(leavesSpace(fitted, square)).toBe(true);
});

test('the part of a frame is what its place in it says', () => {
  const frame = { x: 0.25, y: 0.5, zoom: 2 };
  expect(partOf(frame, photo, square)).toEqual({ x: 150, y: 75, width: 150, height: 150 });
  expect(placeOf(frame, photo, square)).toEqual({ x: -256, y: -128, width: 1536, height: 512 });
});

test('a picture that is extended keeps its pixels where the model draws so large a canvas', () => {
  const picture = { width: 1024, height: 1024 };
  const wide = extendPart(picture, { pan: 'right' }, full);
  expect(wide).toMatchObject({ width: 1536, height: 1024 });
  expect(placeOf(wide.frame, picture, wide)).toEqual({ x: 0, y: 0, ...picture });
  const high = extendPart(picture, { pan: 'up' }, full);
  expect(placeOf(high.frame, picture, high)).toEqual({ x: 0, y: 512, ...picture });
});

test('where the model does not, canvas and picture become smaller together', () => {
  const small = { width: 256, height: 256 };
  const out = extendPart(small, { zoomOut: 2 }, limits);
  expect(out).toMatchObject(square);
  expect(placeOf(out.frame, small, out)).toEqual({ x: 64, y: 64, width: 128, height: 128 });
  const wide = extendPart(small, { pan: 'left' }, limits);
  expect(wide).toMatchObject({ width: 256, height: 168 });
  const place = placeOf(wide.frame, small, wide);
  expect(place.x + place.width).toBe(256);
  // No strip of a few pixels is left to paint above or below.
  expect(place.y).toBeLessThanOrEqual(0);
  expect(place.y + place.height).toBeGreaterThanOrEqual(168);
  const large = extendPart({ width: 1024, height: 1024 }, { zoomOut: 1.5 }, full);
  expect(large.width * large.height).toBeLessThanOrEqual(1.6 * 2 ** 20);
  expect(large.width % 8).toBe(0);
});

test('a part of any shape is sent in sides that the model draws', () => {
  for (const part of [
    { x: 0, y: 0, width: 5000, height: 100 },
    { x: 3, y: 4, width: 33, height: 77 },
    { x: -10, y: -10, width: 257, height: 251 },
  ]) {
    const { width, height } = framePart(part, photo, limits);
    for (const side of [width, height]) {
      expect(side % 8).toBe(0);
      expect(side).toBeGreaterThanOrEqual(64);
      expect(side).toBeLessThanOrEqual(256);
    }
  }
});

test('what was painted for one frame is over the same points of the picture in another', () => {
  const before = { ...square, frame: centred };
  expect(moveBetween(before, before, photo)).toEqual({ x: 0, y: 0, ...square });
  const after = { width: 256, height: 128, frame: centred };
  // The square of 300×300 pixels of the photo, in a frame that shows 600×300 of them.
  expect(moveBetween(before, after, photo)).toEqual({ x: 64, y: 0, width: 128, height: 128 });
});
