import type { Model, Size } from '@easel/contract';

/** How a picture lies in the frame that is sent: which point of it is at the frame's centre, in shares of its sides, and how large it is. */
export interface Frame {
  readonly x: number;
  readonly y: number;
  /** 1: it just covers the frame. Less shows what is beyond it, more only a part of it. */
  readonly zoom: number;
}

/** Pixels of a picture, or of what is sent. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** `fill`: as much of it as fills the frame, from its centre. `fit`: all of it. `crop`: as the user has placed it. */
export type Framing = 'fill' | 'fit' | 'crop';

/** What is sent beyond the edges of a start image: their own colours, a blurred copy of it, or what the model paints there. */
export type Surroundings = 'edges' | 'blur' | 'paint';

export interface Placement {
  readonly framing: Framing;
  /** Where `framing` is `crop`. */
  readonly frame: Frame;
  readonly around: Surroundings;
}

export const centred: Frame = { x: 0.5, y: 0.5, zoom: 1 };

/** How much smaller than the frame a picture may become, and how much larger. */
export const frameZoom = { min: 0.1, max: 8 } as const;

/** The frame of a placement. @param picture the size of the start image @param canvas the size of what is sent */
export function frameOf({ framing, frame }: Pick<Placement, 'framing' | 'frame'>, picture: Size, canvas: Size): Frame {
  if (framing === 'crop') return frame;
  return framing === 'fill' ? centred : { ...centred, zoom: shareOf(picture, canvas) };
}

/** How much of the one remains in the other's shape, 0 to 1: the rest is cut off, or are bars. */
export function shareOf(picture: Size, canvas: Size): number {
  const [own, wanted] = [picture.width / picture.height, canvas.width / canvas.height];
  return Math.min(own, wanted) / Math.max(own, wanted);
}

/** How many pixels are sent for one of the picture. */
function scaleOf({ zoom }: Frame, picture: Size, canvas: Size): number {
  return zoom * Math.max(canvas.width / picture.width, canvas.height / picture.height);
}

/** Where the picture lies in what is sent, in whole pixels: those of a picture that keeps its size stay as they are. */
export function placeOf(frame: Frame, picture: Size, canvas: Size): Box {
  const scale = scaleOf(frame, picture, canvas);
  const [left, top] = [
    canvas.width / 2 - frame.x * picture.width * scale,
    canvas.height / 2 - frame.y * picture.height * scale,
  ];
  const [x, y] = [Math.round(left), Math.round(top)];
  return {
    x,
    y,
    width: Math.max(1, Math.round(left + picture.width * scale) - x),
    height: Math.max(1, Math.round(top + picture.height * scale) - y),
  };
}

/** Whether a placed picture leaves something of the canvas uncovered. */
export function leavesSpace({ x, y, width, height }: Box, canvas: Size): boolean {
  return x > 0 || y > 0 || x + width < canvas.width || y + height < canvas.height;
}

/** What of the picture's plane is sent, in its own pixels; it may reach beyond its edges. */
export function partOf(frame: Frame, picture: Size, canvas: Size): Box {
  const scale = scaleOf(frame, picture, canvas);
  const [width, height] = [canvas.width / scale, canvas.height / scale];
  return { x: frame.x * picture.width - width / 2, y: frame.y * picture.height - height / 2, width, height };
}

/** The frame that shows a part; where the shapes differ, as much as is in the middle of it. */
function frameOfPart(part: Box, picture: Size, canvas: Size): Frame {
  const scale = Math.max(canvas.width / part.width, canvas.height / part.height);
  return {
    x: (part.x + part.width / 2) / picture.width,
    y: (part.y + part.height / 2) / picture.height,
    zoom: scale / scaleOf(centred, picture, canvas),
  };
}

type Limits = Model['limits'];

/** The size that is sent of a part of a picture: its own where the model draws that, else the nearest of that shape. */
function sizeOfPart(part: Size, limits: Limits): Size {
  const { min_side: min, max_side: max, side_step: step, max_megapixels: megapixels } = limits;
  const least = min / Math.min(part.width, part.height);
  const most = Math.min(
    max / Math.max(part.width, part.height),
    Math.sqrt((megapixels * 2 ** 20) / (part.width * part.height)),
  );
  const scale = Math.min(most, Math.max(1, least));
  const side = (pixels: number) => {
    // What a division leaves of a whole number is no pixel less.
    const whole = Math.floor((pixels * scale + 1e-6) / step) * step;
    return Math.min(max, Math.max(min, whole));
  };
  return { width: side(part.width), height: side(part.height) };
}

export interface FramedSize extends Size {
  readonly framing: 'crop';
  readonly frame: Frame;
}

/** What shows a part of a picture, of any shape, as large as the model draws it. */
export function framePart(part: Box, picture: Size, limits: Limits): FramedSize {
  const size = sizeOfPart(part, limits);
  return { ...size, framing: 'crop', frame: frameOfPart(part, picture, size) };
}

/** What keeps its shape and size, and shows a part. */
export function frameSameShape(part: Box, picture: Size, canvas: Size): FramedSize {
  const { width, height } = canvas;
  return { width, height, framing: 'crop', frame: frameOfPart(part, picture, canvas) };
}

export type Direction = 'left' | 'up' | 'right' | 'down';
export type Extension = { readonly zoomOut: number } | { readonly pan: Direction };

/** By how much of its side a picture grows to one side. */
const PANNED = 0.5;

/**
 * A larger part of the picture's plane: what is beyond the picture is for the model to paint. As with the command line's `--outpaint`, the
 * picture keeps its pixels where the model draws so large a canvas, and what is missing to sides that it draws is added at the right and at
 * the bottom; where it does not draw so much, canvas and picture become smaller.
 *
 * @example
 * const limits = { min_side: 64, max_side: 2048, side_step: 8, max_megapixels: 4 };
 * extendPart({ width: 1024, height: 1024 }, { pan: 'right' }, limits); // 1536×1024, the picture in its left two thirds
 */
export function extendPart(picture: Size, extension: Extension, limits: Limits): FramedSize {
  const grow = (side: number, share: number) => Math.round((side * share) / limits.side_step) * limits.side_step;
  const all = 'zoomOut' in extension ? (extension.zoomOut - 1) / 2 : 0;
  const towards = (direction: Direction) => ('pan' in extension && extension.pan === direction ? PANNED : all);
  const [left, right] = [grow(picture.width, towards('left')), grow(picture.width, towards('right'))];
  const [top, bottom] = [grow(picture.height, towards('up')), grow(picture.height, towards('down'))];
  const whole = (pixels: number) => Math.ceil(pixels / limits.side_step) * limits.side_step;
  const [width, height] = [whole(picture.width + left + right), whole(picture.height + top + bottom)];
  const part = { x: -left, y: -top, width, height };
  return framePart(part, picture, limits);
}

/** Where what was painted for another frame lies in this one: the same points of the picture are under it. */
export function moveBetween(
  before: Size & { readonly frame: Frame },
  after: Size & { readonly frame: Frame },
  picture: Size,
): Box {
  const [own, shown] = [partOf(before.frame, picture, before), partOf(after.frame, picture, after)];
  const scale = after.width / shown.width;
  const [one, other] = [before.frame, after.frame];
  const isSameFrame = one.x === other.x && one.y === other.y && one.zoom === other.zoom;
  if (isSameFrame && before.width === after.width && before.height === after.height)
    return { x: 0, y: 0, width: after.width, height: after.height };
  return {
    x: (own.x - shown.x) * scale,
    y: (own.y - shown.y) * scale,
    width: own.width * scale,
    height: own.height * scale,
  };
}
