import { expect, test } from 'vitest';
import { actualScale, fitted, fittedSize, isCut, moveBy, percentOf, type ZoomFrame, zoomTo } from './zoom.ts';

const frame: ZoomFrame = { box: { width: 800, height: 600 }, picture: { width: 1024, height: 1024 }, density: 2 };

test('a picture fits into its box in its own shape', () => {
  expect(fittedSize(frame)).toEqual({ width: 600, height: 600 });
  expect(fittedSize({ ...frame, picture: { width: 100, height: 25 } })).toEqual({ width: 800, height: 200 });
});

test('at 100 % a pixel of the picture is a pixel of the screen', () => {
  expect(actualScale(frame) * 600 * 2).toBeCloseTo(1024);
  expect(percentOf(frame, zoomTo(frame, fitted, actualScale(frame)))).toBe(100);
  expect(percentOf(frame, fitted)).toBe(117);
});

test('what is under the pointer stays there', () => {
  const at = { x: 150, y: -100 };
  const view = zoomTo(frame, fitted, 3, at);
  // The place on the picture, in fitted pixels from its centre.
  expect([(at.x - view.x) / view.scale, (at.y - view.y) / view.scale]).toEqual([150, -100]);
});

test('no edge comes inside the box, and what is smaller than the box stays in the middle', () => {
  const large = zoomTo(frame, fitted, 2);
  expect(moveBy(frame, large, { x: 9999, y: -9999 })).toEqual({ scale: 2, x: 200, y: -300 });
  expect(moveBy(frame, fitted, { x: 50, y: 50 })).toEqual(fitted);
  expect(isCut(frame, fitted)).toBe(false);
  expect(isCut(frame, large)).toBe(true);
});

test('it is never smaller than the smaller of whole and 100 %, nor larger than eight times the larger', () => {
  expect(zoomTo(frame, fitted, 0.01).scale).toBeCloseTo(actualScale(frame));
  expect(zoomTo(frame, fitted, 99).scale).toBe(8);
  const small: ZoomFrame = { ...frame, picture: { width: 2400, height: 1800 } };
  expect(zoomTo(small, fitted, 0.01).scale).toBe(1);
  expect(percentOf(small, zoomTo(small, fitted, 99))).toBe(800);
});
