import type { Size } from '@easel/contract';
import { type Box, frameOf, leavesSpace, moveBetween, placeOf } from '../settings/frame.ts';
import type { Settings } from '../settings/settings.ts';
import { contextOf } from './start-picture.ts';

/** What of the settings says what is sent of a start image. */
export type StartSettings = Pick<
  Settings,
  'startImage' | 'width' | 'height' | 'framing' | 'frame' | 'around' | 'mask' | 'maskPlace'
>;

export interface SentStart {
  readonly startImage: string | null;
  readonly mask: string | null;
}

/**
 * The start image and its mask as they are sent: of exactly the size that is drawn, the picture placed as the user has placed it.
 *
 * @throws Error with the reason, for the user
 */
export async function composeStart(settings: StartSettings): Promise<SentStart> {
  const { startImage: address } = settings;
  if (address === null) return { startImage: null, mask: null };
  const image = await loadPicture(address, 'start image');
  const mask = await drawMask(settings, image);
  return { startImage: await sentPicture(settings, address, image), mask: mask && addressOfCanvas(mask) };
}

async function sentPicture(settings: StartSettings, address: string, image: HTMLImageElement): Promise<string> {
  const { x, y, width, height } = placeOf(frameOf(settings, sizeOf(image), settings), sizeOf(image), settings);
  const isWhole = x === 0 && y === 0 && width === settings.width && height === settings.height;
  const isAsItIs = isWhole && sizeOf(image).width === width && sizeOf(image).height === height;
  if (isAsItIs && !address.startsWith('blob:')) return address;
  return addressOfCanvas(drawStart(settings, image));
}

export interface StartPreview {
  readonly address: string;
  readonly mask: string | null;
  /** The size of the start image itself. */
  readonly picture: Size;
}

/**
 * Small pictures of what is sent, for the form.
 *
 * @param longest their longest side in pixels
 * @throws Error with the reason, for the user
 */
export async function composePreview(settings: StartSettings, longest: number): Promise<StartPreview> {
  const image = await loadPicture(settings.startImage ?? '', 'start image');
  const scale = Math.min(1, longest / Math.max(settings.width, settings.height));
  const mask = await drawMask(settings, image);
  const small = mask && blankCanvas({ width: mask.width * scale, height: mask.height * scale });
  if (mask && small) contextOf(small).drawImage(mask, 0, 0, small.width, small.height);
  return {
    address: addressOfCanvas(drawStart(settings, image, scale)),
    mask: small && addressOfCanvas(small),
    picture: sizeOf(image),
  };
}

/** Draws what is sent of the start image. @param scale for a smaller picture of it */
export function drawStart(settings: StartSettings, image: HTMLImageElement, scale = 1): HTMLCanvasElement {
  const canvas = blankCanvas({ width: settings.width * scale, height: settings.height * scale });
  const context = contextOf(canvas);
  const place = placeOf(frameOf(settings, sizeOf(image), settings), sizeOf(image), settings);
  const scaled = scaleBox(place, scale);
  if (leavesSpace(place, settings)) {
    if (settings.around === 'blur') drawBlurred(context, image);
    else drawEdges(context, image, scaled);
  }
  context.drawImage(image, scaled.x, scaled.y, scaled.width, scaled.height);
  return canvas;
}

/** In whole pixels: between those of the edges there is no gap. */
function scaleBox(box: Box, scale: number): Box {
  const [x, y] = [Math.round(box.x * scale), Math.round(box.y * scale)];
  const [right, bottom] = [Math.round((box.x + box.width) * scale), Math.round((box.y + box.height) * scale)];
  return { x, y, width: right - x, height: bottom - y };
}

/** The mask as it is sent, white where something is painted; null where nothing limits that. */
export async function drawMask(settings: StartSettings, image: HTMLImageElement): Promise<HTMLCanvasElement | null> {
  const frame = frameOf(settings, sizeOf(image), settings);
  const place = placeOf(frame, sizeOf(image), settings);
  const isExtended = settings.around === 'paint' && leavesSpace(place, settings);
  if (settings.mask === null && !isExtended) return null;
  const canvas = blankCanvas(settings);
  const context = contextOf(canvas);
  context.fillRect(0, 0, canvas.width, canvas.height);
  if (settings.mask !== null) {
    const mask = await loadPicture(settings.mask, 'mask');
    const { maskPlace } = settings;
    const { x, y, width, height } =
      maskPlace === null ? place : moveBetween(maskPlace, { ...sizeOf(canvas), frame }, sizeOf(image));
    context.drawImage(mask, x, y, width, height);
  }
  if (isExtended) fillAround(context, place);
  return canvas;
}

/** Fills what the picture does not cover. */
function fillAround(context: CanvasRenderingContext2D, { x, y, width, height }: Box): void {
  const { canvas } = context;
  context.fillStyle = 'white';
  context.fillRect(0, 0, canvas.width, y);
  context.fillRect(0, y + height, canvas.width, canvas.height - y - height);
  context.fillRect(0, y, x, height);
  context.fillRect(x + width, y, canvas.width - x - width, height);
}

/** Continues the outermost pixels to the edges of the canvas, as the command line's `--outpaint` does: what the networks see at its border. */
function drawEdges(context: CanvasRenderingContext2D, image: HTMLImageElement, { x, y, width, height }: Box): void {
  const { canvas } = context;
  const own = sizeOf(image);
  const columns = [
    { from: 0, length: 1, to: 0, size: x },
    { from: 0, length: own.width, to: x, size: width },
    { from: own.width - 1, length: 1, to: x + width, size: canvas.width - x - width },
  ];
  const rows = [
    { from: 0, length: 1, to: 0, size: y },
    { from: 0, length: own.height, to: y, size: height },
    { from: own.height - 1, length: 1, to: y + height, size: canvas.height - y - height },
  ];
  for (const column of columns) {
    for (const row of rows) {
      if (column.size <= 0 || row.size <= 0) continue;
      const source = [column.from, row.from, column.length, row.length] as const;
      context.drawImage(image, ...source, column.to, row.to, column.size, row.size);
    }
  }
}

/** So few pixels that nothing of it can be recognized. */
const BLURRED_SIDE = 12;

/** A blurred copy of the picture that covers the canvas. Scaling is the one blur that every browser has. */
function drawBlurred(context: CanvasRenderingContext2D, image: HTMLImageElement): void {
  const { canvas } = context;
  const own = sizeOf(image);
  const scale = BLURRED_SIDE / Math.max(own.width, own.height);
  const small = blankCanvas({ width: own.width * scale, height: own.height * scale });
  contextOf(small).drawImage(image, 0, 0, small.width, small.height);
  const cover = Math.max(canvas.width / small.width, canvas.height / small.height) * 1.1;
  const [width, height] = [small.width * cover, small.height * cover];
  context.drawImage(small, (canvas.width - width) / 2, (canvas.height - height) / 2, width, height);
}

export function sizeOf(picture: HTMLImageElement | HTMLCanvasElement): Size {
  if (picture instanceof HTMLCanvasElement) return { width: picture.width, height: picture.height };
  return { width: picture.naturalWidth, height: picture.naturalHeight };
}

/** @throws Error with the reason, for the user */
export async function loadPicture(address: string, what: string): Promise<HTMLImageElement> {
  const image = new Image();
  image.src = address;
  await image.decode().catch((error: unknown) => {
    throw new Error(`the ${what} is no longer available; choose another one`, { cause: error });
  });
  return image;
}

export function blankCanvas({ width, height }: Size): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(width));
  canvas.height = Math.max(1, Math.round(height));
  return canvas;
}

/** @throws Error if the browser cannot make a picture of it */
export function addressOfCanvas(canvas: HTMLCanvasElement): string {
  const text = canvas.toDataURL('image/png');
  if (!text.startsWith('data:image/png'))
    throw new Error('the picture is too large for this browser; try a smaller one');
  return text;
}
