import type { DecodedPicture } from './picture.ts';

/** How far one picture is from another of the same size, in the measures that the field uses. */
export interface PictureDistance {
  /** 0…1, 1 for equal pictures; null for pictures with a side below 176 pixels, for which it is not defined. */
  readonly msSsim: number | null;
  /** Decibels; null for equal pictures, where it is infinite. */
  readonly psnr: number | null;
  /** The mean colour difference; 0 for equal pictures. */
  readonly ciede2000: number;
}

/** All measures of two pictures of the same size. @throws RangeError when the sizes differ */
export function pictureDistance(a: DecodedPicture, b: DecodedPicture): PictureDistance {
  return {
    msSsim: Math.min(a.width, a.height) < MS_SSIM_SIDE ? null : msSsim(a, b),
    psnr: finite(psnr(a, b)),
    ciede2000: ciede2000(a, b),
  };
}

/** A measure over several pairs of pictures. */
export interface Spread {
  readonly median: number | null;
  /** Of the pair that is furthest apart. */
  readonly worst: number | null;
}

/** Each measure over all pairs; null as in `PictureDistance`. */
export function summarizeDistances(
  distances: readonly PictureDistance[],
): Readonly<Record<keyof PictureDistance, Spread>> {
  return {
    // What is null in one pair is null in all, because their sizes are the same.
    msSsim: spreadOf(
      distances.flatMap(({ msSsim }) => msSsim ?? []),
      'falling',
    ),
    psnr: spreadOf(
      distances.map(({ psnr }) => psnr ?? Infinity),
      'falling',
    ),
    ciede2000: spreadOf(
      distances.map(({ ciede2000 }) => ciede2000),
      'rising',
    ),
  };
}

/** @param worse in which direction a measure gets worse */
function spreadOf(values: readonly number[], worse: 'rising' | 'falling'): Spread {
  if (values.length === 0) return { median: null, worst: null };
  const sorted = values.toSorted((a, b) => (worse === 'rising' ? b - a : a - b));
  const middle = (sorted.length - 1) / 2;
  const median = (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2;
  return { median: finite(median), worst: finite(sorted[0]) };
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** Decibels over all values: 10·log₁₀(255² / mean squared error); Infinity for equal pictures. */
export function psnr(a: DecodedPicture, b: DecodedPicture): number {
  requireSameSize(a, b);
  let squares = 0;
  for (let i = 0; i < a.data.length; i++) squares += (a.data[i] - b.data[i]) ** 2;
  return 10 * Math.log10(255 ** 2 / (squares / a.data.length));
}

/** Mean over the pixels of the colour difference CIEDE2000 (Sharma, Wu and Dalal 2005); 1 is about what can just be seen. */
export function ciede2000(a: DecodedPicture, b: DecodedPicture): number {
  requireSameSize(a, b);
  let sum = 0;
  for (let i = 0; i < a.data.length; i += 3) sum += colourDifference(labOf(a.data, i), labOf(b.data, i));
  return sum / (a.data.length / 3);
}

type Lab = readonly [lightness: number, a: number, b: number];

/** sRGB to CIELAB under D65 (IEC 61966-2-1, CIE 15). */
function labOf(data: Uint8Array, at: number): Lab {
  const [red, green, blue] = [LINEAR[data[at]], LINEAR[data[at + 1]], LINEAR[data[at + 2]]];
  const x = root((0.4124564 * red + 0.3575761 * green + 0.1804375 * blue) / 0.95047);
  const y = root(0.2126729 * red + 0.7151522 * green + 0.072175 * blue);
  const z = root((0.0193339 * red + 0.119192 * green + 0.9503041 * blue) / 1.08883);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

const LINEAR = Float64Array.from({ length: 256 }, (_, code) => {
  const value = code / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
});

function root(t: number): number {
  return t > (6 / 29) ** 3 ? Math.cbrt(t) : t / (3 * (6 / 29) ** 2) + 4 / 29;
}

const degrees = Math.PI / 180;

/** CIEDE2000 of two colours, with the names of Sharma, Wu and Dalal 2005, "The CIEDE2000 Color-Difference Formula". */
export function colourDifference([l1, a1, b1]: Lab, [l2, a2, b2]: Lab): number {
  const meanC = (Math.hypot(a1, b1) + Math.hypot(a2, b2)) / 2;
  const g = 0.5 * (1 - Math.sqrt(meanC ** 7 / (meanC ** 7 + 25 ** 7)));
  const [a1p, a2p] = [(1 + g) * a1, (1 + g) * a2];
  const [c1, c2] = [Math.hypot(a1p, b1), Math.hypot(a2p, b2)];
  const [h1, h2] = [hue(b1, a1p), hue(b2, a2p)];
  const isGrey = c1 * c2 === 0;
  const turn = h2 - h1;
  const dh = isGrey ? 0 : turn > 180 ? turn - 360 : turn < -180 ? turn + 360 : turn;
  const dH = 2 * Math.sqrt(c1 * c2) * Math.sin((dh / 2) * degrees);
  const [dL, dC] = [l2 - l1, c2 - c1];
  const [meanL, meanCp] = [(l1 + l2) / 2, (c1 + c2) / 2];
  const sum = h1 + h2;
  const meanH = isGrey ? sum : Math.abs(turn) <= 180 ? sum / 2 : sum < 360 ? (sum + 360) / 2 : (sum - 360) / 2;
  const t =
    1 -
    0.17 * Math.cos((meanH - 30) * degrees) +
    0.24 * Math.cos(2 * meanH * degrees) +
    0.32 * Math.cos((3 * meanH + 6) * degrees) -
    0.2 * Math.cos((4 * meanH - 63) * degrees);
  const rotation = 30 * Math.exp(-(((meanH - 275) / 25) ** 2));
  const rc = 2 * Math.sqrt(meanCp ** 7 / (meanCp ** 7 + 25 ** 7));
  const sl = 1 + (0.015 * (meanL - 50) ** 2) / Math.sqrt(20 + (meanL - 50) ** 2);
  const sc = 1 + 0.045 * meanCp;
  const sh = 1 + 0.015 * meanCp * t;
  const rt = -Math.sin(2 * rotation * degrees) * rc;
  return Math.sqrt((dL / sl) ** 2 + (dC / sc) ** 2 + (dH / sh) ** 2 + rt * (dC / sc) * (dH / sh));
}

function hue(b: number, a: number): number {
  if (a === 0 && b === 0) return 0;
  return (Math.atan2(b, a) / degrees + 360) % 360;
}

/** Wang, Simoncelli and Bovik 2003, "Multi-scale structural similarity for image quality assessment", table 1. */
const WEIGHTS = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333];

interface Plane {
  readonly width: number;
  readonly height: number;
  readonly data: Float64Array;
}

/** MS-SSIM of the luma, 0…1 and 1 for equal pictures. @throws RangeError for sides below 176 pixels */
export function msSsim(a: DecodedPicture, b: DecodedPicture): number {
  requireSameSize(a, b);
  if (Math.min(a.width, a.height) < MS_SSIM_SIDE)
    throw new RangeError(`MS-SSIM needs sides of ${MS_SSIM_SIDE} pixels (got ${a.width}×${a.height})`);
  let [x, y] = [lumaOf(a), lumaOf(b)];
  let product = 1;
  for (const [scale, weight] of WEIGHTS.entries()) {
    const { structure, ssim } = similarity(x, y);
    const isLast = scale === WEIGHTS.length - 1;
    product *= Math.max(isLast ? ssim : structure, 0) ** weight;
    if (!isLast) [x, y] = [halved(x), halved(y)];
  }
  return product;
}

/** Gaussian of 11 values with σ = 1.5, as in Wang et al. 2004. */
const WINDOW = gaussian(11, 1.5);

/** The shortest side at which the window fits into the picture at the coarsest scale: 11 · 2⁴. */
const MS_SSIM_SIDE = WINDOW.length * 2 ** (WEIGHTS.length - 1);

function gaussian(length: number, sigma: number): number[] {
  const values = Array.from({ length }, (_, i) => Math.exp(-((i - (length - 1) / 2) ** 2) / (2 * sigma ** 2)));
  const sum = values.reduce((total, value) => total + value, 0);
  return values.map((value) => value / sum);
}

function lumaOf({ width, height, data }: DecodedPicture): Plane {
  const luma = Float64Array.from(
    { length: width * height },
    (_, i) => 0.299 * data[3 * i] + 0.587 * data[3 * i + 1] + 0.114 * data[3 * i + 2],
  );
  return { width, height, data: luma };
}

/** Means over all windows: of the contrast and structure term, and of its product with the luminance term, which is SSIM. */
function similarity(x: Plane, y: Plane): { readonly structure: number; readonly ssim: number } {
  const product = (p: Plane, q: Plane) => blurred({ ...p, data: p.data.map((value, i) => value * q.data[i]) });
  const [mx, my, xx, yy, xy] = [blurred(x), blurred(y), product(x, x), product(y, y), product(x, y)];
  const [c1, c2] = [(0.01 * 255) ** 2, (0.03 * 255) ** 2];
  let structure = 0;
  let ssim = 0;
  for (let i = 0; i < mx.length; i++) {
    const [meanX, meanY] = [mx[i], my[i]];
    const [varX, varY, covariance] = [xx[i] - meanX ** 2, yy[i] - meanY ** 2, xy[i] - meanX * meanY];
    const term = (2 * covariance + c2) / (varX + varY + c2);
    structure += term;
    ssim += (term * (2 * meanX * meanY + c1)) / (meanX ** 2 + meanY ** 2 + c1);
  }
  return { structure: structure / mx.length, ssim: ssim / mx.length };
}

/** The window over every place where it fits. */
function blurred({ width, height, data }: Plane): Float64Array {
  const [wide, high] = [width - WINDOW.length + 1, height - WINDOW.length + 1];
  const rows = new Float64Array(wide * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < wide; x++) {
      let sum = 0;
      for (let k = 0; k < WINDOW.length; k++) sum += WINDOW[k] * data[y * width + x + k];
      rows[y * wide + x] = sum;
    }
  }
  const result = new Float64Array(wide * high);
  for (let y = 0; y < high; y++) {
    for (let x = 0; x < wide; x++) {
      let sum = 0;
      for (let k = 0; k < WINDOW.length; k++) sum += WINDOW[k] * rows[(y + k) * wide + x];
      result[y * wide + x] = sum;
    }
  }
  return result;
}

/** Means of 2×2 pixels. */
function halved({ width, height, data }: Plane): Plane {
  const [wide, high] = [Math.floor(width / 2), Math.floor(height / 2)];
  const mean = Float64Array.from({ length: wide * high }, (_, i) => {
    const at = 2 * Math.floor(i / wide) * width + 2 * (i % wide);
    return (data[at] + data[at + 1] + data[at + width] + data[at + width + 1]) / 4;
  });
  return { width: wide, height: high, data: mean };
}

function requireSameSize(a: DecodedPicture, b: DecodedPicture): void {
  if (a.width === b.width && a.height === b.height) return;
  throw new RangeError(`pictures of different sizes: ${a.width}×${a.height} and ${b.width}×${b.height}`);
}
