import { limits, SIDE_STEP } from '@easel/contract/fields';
import { CodedError } from '@easel/errors';

export interface PixelSize {
  readonly width: number;
  readonly height: number;
}

export interface PixelPoint {
  readonly x: number;
  readonly y: number;
}

const { min: smallest, max: largest } = limits.side;

/** A parser of one side of the picture, in pixels: a multiple of 8 within the limits of a side. */
export function pictureSide(flag: string): (text: string) => number {
  return (text) => {
    const side = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (side >= smallest && side <= largest && side % SIDE_STEP === 0) return side;
    throw new CodedError(
      'usage',
      `${flag} must be a multiple of ${SIDE_STEP} from ${smallest} to ${largest} (got ${JSON.stringify(text)})${nearest(side)}`,
    );
  };
}

function nearest(side: number): string {
  if (!(side > smallest && side < largest)) return '';
  const below = Math.floor(side / SIDE_STEP) * SIDE_STEP;
  return `; the nearest are ${below} and ${below + SIDE_STEP}`;
}

/** A parser of `WIDTHxHEIGHT` for a picture that is to be made. */
export function pictureSize(flag: string): (text: string) => PixelSize {
  const parse = sizeOf(flag);
  return (text) => {
    const { width, height } = parse(text);
    return {
      width: pictureSide(`the width of ${flag}`)(String(width)),
      height: pictureSide(`the height of ${flag}`)(String(height)),
    };
  };
}

/** A parser of `WIDTHxHEIGHT` for sizes that only condition the model: any positive number of pixels. */
export function sizeOf(flag: string): (text: string) => PixelSize {
  return (text) => {
    const [, width, height] = /^(\d{1,5})[x×](\d{1,5})$/i.exec(text) ?? [];
    if (Number(width) > 0 && Number(height) > 0) return { width: Number(width), height: Number(height) };
    throw new CodedError(
      'usage',
      `${flag} must be WIDTHxHEIGHT in pixels, such as 768x1024 (got ${JSON.stringify(text)})`,
    );
  };
}

/** A parser of `X,Y`: pixels from the left and from the top. */
export function pointOf(flag: string): (text: string) => PixelPoint {
  return (text) => {
    const [, x, y] = /^(\d{1,5}),(\d{1,5})$/.exec(text) ?? [];
    if (x !== undefined && y !== undefined) return { x: Number(x), y: Number(y) };
    throw new CodedError(
      'usage',
      `${flag} must be X,Y in pixels from the left and from the top, such as 0,128 (got ${JSON.stringify(text)})`,
    );
  };
}
