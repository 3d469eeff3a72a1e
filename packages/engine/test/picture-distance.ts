import type { DecodedPicture } from '../src/image/picture.ts';

/** Peak signal to noise in decibels over all three channels; Infinity for equal pictures. */
export function psnr(a: DecodedPicture, b: DecodedPicture): number {
  let squares = 0;
  for (let index = 0; index < a.data.length; index++) squares += (a.data[index] - b.data[index]) ** 2;
  return 10 * Math.log10((255 ** 2 * a.data.length) / squares);
}

/** The five weights of the paper, finest scale first. */
const WEIGHTS = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333];
const WINDOW = gaussian(11, 1.5);
const [C1, C2] = [(0.01 * 255) ** 2, (0.03 * 255) ** 2];

/** MS-SSIM (Wang, Simoncelli & Bovik 2003) of the luma of two pictures of at least 176×176; 1 for equal pictures. */
export function msSsim(a: DecodedPicture, b: DecodedPicture): number {
  let [x, y] = [luma(a), luma(b)];
  let product = 1;
  WEIGHTS.forEach((weight, scale) => {
    const { luminance, contrast } = similarity(x, y);
    product *= Math.max(0, contrast) ** weight;
    if (scale === WEIGHTS.length - 1) product *= Math.max(0, luminance) ** weight;
    [x, y] = [halved(x), halved(y)];
  });
  return product;
}

interface Plane {
  readonly width: number;
  readonly height: number;
  readonly at: (x: number, y: number) => number;
}

function plane(width: number, height: number, at: (x: number, y: number) => number): Plane {
  const values = Float64Array.from({ length: width * height }, (_, index) =>
    at(index % width, Math.floor(index / width)),
  );
  return { width, height, at: (x, y) => values[y * width + x] };
}

/** ITU-R BT.601 */
function luma({ width, height, data }: DecodedPicture): Plane {
  return plane(width, height, (x, y) => {
    const at = 3 * (y * width + x);
    return 0.299 * data[at] + 0.587 * data[at + 1] + 0.114 * data[at + 2];
  });
}

function halved({ width, height, at }: Plane): Plane {
  const [halfWidth, halfHeight] = [Math.floor(width / 2), Math.floor(height / 2)];
  return plane(halfWidth, halfHeight, (x, y) => {
    return (at(2 * x, 2 * y) + at(2 * x + 1, 2 * y) + at(2 * x, 2 * y + 1) + at(2 * x + 1, 2 * y + 1)) / 4;
  });
}

/** Weighted by the window, which is moved over every place where it lies within. */
function filtered({ width, height, at }: Plane): Plane {
  const size = WINDOW.length;
  const sum = (value: (index: number) => number) => WINDOW.reduce((total, weight, k) => total + weight * value(k), 0);
  const across = plane(width - size + 1, height, (x, y) => sum((k) => at(x + k, y)));
  return plane(across.width, height - size + 1, (x, y) => sum((k) => across.at(x, y + k)));
}

function similarity(a: Plane, b: Plane): { luminance: number; contrast: number } {
  const of = (value: (x: number, y: number) => number) => filtered(plane(a.width, a.height, value));
  const [meanA, meanB] = [of(a.at), of(b.at)];
  const squareA = of((x, y) => a.at(x, y) ** 2);
  const squareB = of((x, y) => b.at(x, y) ** 2);
  const mixed = of((x, y) => a.at(x, y) * b.at(x, y));
  let [luminance, contrast] = [0, 0];
  for (let y = 0; y < meanA.height; y++) {
    for (let x = 0; x < meanA.width; x++) {
      const [ma, mb] = [meanA.at(x, y), meanB.at(x, y)];
      const variances = squareA.at(x, y) - ma * ma + squareB.at(x, y) - mb * mb;
      luminance += (2 * ma * mb + C1) / (ma * ma + mb * mb + C1);
      contrast += (2 * (mixed.at(x, y) - ma * mb) + C2) / (variances + C2);
    }
  }
  const places = meanA.width * meanA.height;
  return { luminance: luminance / places, contrast: contrast / places };
}

function gaussian(size: number, deviation: number): number[] {
  const weights = Array.from({ length: size }, (_, index) =>
    Math.exp(-((index - (size - 1) / 2) ** 2) / (2 * deviation ** 2)),
  );
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return weights.map((weight) => weight / sum);
}
