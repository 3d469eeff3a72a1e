import {
  cropPicture,
  cropToShape,
  pastePicture,
  resizeCovering,
  resizeFilling,
  resizeLanczos,
} from '../image/lanczos.ts';
import { blurMask, boundsOf, type Mask, overlay, paddedBox, resizeMask, throughPicture } from '../image/mask.ts';
import type { Box, DecodedPicture } from '../image/picture.ts';
import { pictureToTensor } from '../image/pixels.ts';
import type { GenerateRequest, ImageToImage, ModelSizes, PictureSize } from '../model.ts';
import { noisedTo, type Schedule, stateScale } from '../sampling/sampling.ts';
import { engineLimits, invalid, requireNumber, requireSize } from './limits.ts';
import { nearestShape } from './picture-sizes.ts';

/** What is painted, and what is made of it. */
export interface Start {
  /** Its start image, and its mask, have the size that is painted. */
  readonly request: GenerateRequest;
  /** Puts what was painted into the start image, so that it changes only where the mask says so. Without a mask: what was painted. */
  readonly finish: (painted: DecodedPicture) => DecodedPicture;
}

/**
 * Brings the start image to the size that is painted: the request's, if given, else the model's own whose aspect ratio is nearest to the
 * picture's. It is cropped to that ratio at its centre, never distorted. With `maskPadding` only the surroundings of the mask are painted,
 * at that size, and the result has the size of the start image.
 *
 * @throws EngineError `invalid_request`
 */
export function startOf(request: GenerateRequest, sizes: ModelSizes): Start {
  if (!request.image) return { request, finish: (painted) => painted };
  const { image } = request;
  const { picture } = image;
  const { size, mask } = checkedStart(request, image, sizes);
  if (!mask) {
    const fitting = fitPicture(picture, size);
    return { request: painting(request, { picture: fitting }), finish: (painted) => painted };
  }
  if (image.maskPadding !== undefined) return startOfPart(request, { ...image, mask }, size);
  const fitting = fitPicture(picture, size);
  const soft = blurredMask(fitMask(mask, picture, size), image.maskBlur);
  return {
    request: painting(request, { picture: fitting, mask: soft }),
    finish: (painted) => overlay(fitting, painted, soft),
  };
}

/**
 * The request with a start image of the size that is painted, and without what else is in a photo. With `maskPadding` and with `upscale` all of
 * it is needed.
 */
export function withFittingPicture(request: GenerateRequest, sizes: ModelSizes): GenerateRequest {
  const { image, upscale } = request;
  if (upscale !== undefined) return request;
  if (image?.maskPadding === undefined) return startOf(request, sizes).request;
  checkedStart(request, image, sizes);
  return request;
}

/** What is quickly checked of a start image. @throws EngineError `invalid_request` */
function checkedStart(request: GenerateRequest, image: ImageToImage, sizes: ModelSizes) {
  requireWhole('image', image.picture, 3);
  return { size: paintedSize(request, sizes), mask: wantedMask(image) };
}

function startOfPart(
  request: GenerateRequest,
  image: ImageToImage & { readonly mask: Mask },
  size: PictureSize,
): Start {
  const { picture, mask, maskPadding = 0, maskBlur } = image;
  const soft = blurredMask(resizeMask(mask, picture.width, picture.height), maskBlur);
  const bounds = boundsOf(soft) ?? { left: 0, top: 0, right: picture.width, bottom: picture.height };
  const box = paddedBox(bounds, picture, size, maskPadding);
  const part = (whole: DecodedPicture) => resizeFilling(cropPicture(whole, box), size.width, size.height);
  return {
    request: painting(request, { picture: part(picture), mask: throughPicture(soft, part) }),
    finish: (painted) => overlay(picture, pasted(picture, painted, box), soft),
  };
}

function pasted(picture: DecodedPicture, painted: DecodedPicture, { left, top, right, bottom }: Box): DecodedPicture {
  return pastePicture(picture, resizeCovering(painted, right - left, bottom - top), left, top);
}

/** What the engine is to do with a start image that has its size already. */
function painting(request: GenerateRequest, image: Pick<ImageToImage, 'picture' | 'mask'>): GenerateRequest {
  const { width, height } = image.picture;
  const { strength } = request.image ?? {};
  return { ...request, width, height, image: { ...image, ...(strength !== undefined && { strength }) } };
}

function paintedSize({ image, ...request }: GenerateRequest, sizes: ModelSizes): PictureSize {
  const nearest = image && nearestShape(image.picture, sizes);
  return {
    width: requireSize('width', request.width ?? nearest?.width ?? 0, sizes),
    height: requireSize('height', request.height ?? nearest?.height ?? 0, sizes),
  };
}

/** Cropped at its centre to the shape of a size, and scaled to it. */
export function fitPicture(picture: DecodedPicture, { width, height }: PictureSize): DecodedPicture {
  return resizeLanczos(cropToShape(picture, { width, height }), width, height);
}

/** Stretched to the start image, then cropped and scaled with it. */
export function fitMask(mask: Mask, picture: PictureSize, size: PictureSize): Mask {
  const isOfItsShape = Math.round((mask.width * picture.height) / picture.width) === mask.height;
  const stretched = isOfItsShape ? mask : resizeMask(mask, picture.width, picture.height);
  return throughPicture(stretched, (whole) => fitPicture(whole, size));
}

/** Undefined: there is none. */
function wantedMask({ mask, maskPadding, maskBlur }: ImageToImage): Mask | undefined {
  if (maskPadding !== undefined) requireNumber('maskPadding', maskPadding, engineLimits.maskPadding);
  if (maskBlur !== undefined) requireNumber('maskBlur', maskBlur, engineLimits.maskBlur);
  if (mask !== undefined) {
    requireWhole('mask', mask, 1);
    return requireSomething(mask);
  }
  const idle = maskPadding === undefined ? maskBlur !== undefined && 'maskBlur' : 'maskPadding';
  if (idle) throw invalid(idle, `${idle} needs a mask`, 'send a mask, or leave it out');
  return undefined;
}

/** From which value on a pixel of a mask is repainted: half, as in the reference. */
const REPAINTED = 128;

/** @throws EngineError `invalid_request` for a mask of which nothing is repainted then: a blur makes what is small too dark */
export function blurredMask(mask: Mask, radius = 0): Mask {
  const blurred = blurMask(mask, radius);
  if (repaints(blurred)) return blurred;
  const message = 'mask has nothing left to repaint after it is cropped, scaled and blurred';
  throw invalid('mask', message, 'paint more of it white, or use a smaller blur');
}

function repaints({ data }: Mask): boolean {
  return data.some((value) => value >= REPAINTED);
}

/** @throws EngineError `invalid_request` for a mask that would change nothing */
export function requireSomething(mask: Mask): Mask {
  if (repaints(mask)) return mask;
  const message = 'mask has nothing to repaint: all of it is black';
  throw invalid('mask', message, 'paint white what is to change, or make it transparent');
}

/** @throws EngineError `invalid_request` for what is no picture, or has data that is not of its size */
export function requireWhole(param: string, picture: DecodedPicture | Mask, channels: 1 | 3): void {
  const { width = 0, height = 0, data }: Partial<DecodedPicture> = picture ?? {};
  const bytes = channels === 1 ? 'width × height bytes' : `width × height × ${channels} bytes`;
  if (!ArrayBuffer.isView(data)) {
    const problem = `${param} must have width, height and data, which are ${bytes}`;
    throw invalid(param, problem, `${channels === 1 ? 'decodeMask' : 'decodeImage'} reads it from a file`);
  }
  const isSide = (side: number) => Number.isInteger(side) && side > 0;
  if (isSide(width) && isSide(height) && data.length === width * height * channels) return;
  throw invalid(param, `${param} must have ${bytes} (got ${data.length} for ${width}×${height})`);
}

/** The mask in latent pixels: 1 where they are repainted, 0 where not. The reference takes the first pixel of each block, and so does this. */
export function latentMask({ width, height, data }: Mask, scale: number): Float32Array {
  const [columns, rows] = [width / scale, height / scale];
  return Float32Array.from({ length: columns * rows }, (_, i) => {
    const [x, y] = [(i % columns) * scale, Math.floor(i / columns) * scale];
    return data[y * width + x] >= REPAINTED ? 1 : 0;
  });
}

/**
 * The picture as networks for inpainting see it: grey where it is repainted.
 *
 * @returns [3, height, width], −1 … 1
 */
export function maskedTensor(picture: DecodedPicture, { data: mask }: Mask): Float32Array {
  return pictureToTensor(picture).map((value, i) => (mask[i % mask.length] < REPAINTED ? value : 0));
}

/**
 * For networks that know nothing of masks: after each step the latents that are kept are replaced with those of the picture, with the noise
 * that belongs to the level the step ended at; after the last, without noise (Lugmayr et al. 2022, "RePaint", eq. 8, without its resampling).
 *
 * @param clean latents of the picture [4·h·w]
 * @param noise that the run started with
 * @param mask [h·w], 1 where they are repainted
 */
export function keepUnmasked(
  { clean, noise, mask }: { readonly clean: Float32Array; readonly noise: Float32Array; readonly mask: Float32Array },
  schedule: Schedule,
): (latents: Float32Array, level: number) => Float32Array {
  const last = schedule.sigmas.length - 1;
  return (latents, level) => {
    const kept =
      level === last ? clean.map((value) => value / stateScale(schedule)) : noisedTo(clean, noise, schedule, level);
    return latents.map((value, i) => (mask[i % mask.length] === 1 ? value : kept[i]));
  };
}
