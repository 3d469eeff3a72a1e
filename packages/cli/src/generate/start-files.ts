import { readFile } from 'node:fs/promises';
import { limits } from '@easel/contract/fields';
import {
  type DecodedPicture,
  decodeImage,
  decodeMask,
  EngineError,
  encodeImage,
  extendCanvas,
  type Mask,
  maskPicture,
} from '@easel/engine';
import { CodedError } from '@easel/errors';
import { unreadableFile } from '../unreadable-file.ts';
import type { GenerateFlags } from './flags.ts';

type StartFlags = Pick<GenerateFlags, 'image' | 'mask' | 'outpaint' | 'maskPadding' | 'size' | 'width' | 'height'>;

/** What a run starts from: pixels for the engine here, base64 for a server. */
export interface StartFiles<Form> {
  readonly image: Form;
  readonly mask?: Form;
  /** The size of the canvas, which the picture is to have where no other is named. */
  readonly size?: { readonly width: number; readonly height: number };
}

export interface StartPixels extends Omit<StartFiles<DecodedPicture>, 'mask'> {
  readonly mask?: Mask;
}

/** The pixels as they are: the engine scales them to the size of the picture. @throws CodedError `image_unreadable`, `usage` */
export async function readStartPixels(flags: StartFlags): Promise<StartPixels | undefined> {
  const { image: path, mask: maskPath, outpaint } = flags;
  if (path === undefined) return undefined;
  const image = await decoded('--image', path, decodeImage);
  if (outpaint !== undefined) {
    const canvas = extendCanvas(image, outpaint);
    const { width, height } = canvas.picture;
    if (!isSizeOpen(flags)) return { image: canvas.picture, mask: canvas.mask };
    if (Math.max(width, height) > limits.side.max) {
      const most = `${limits.side.max}×${limits.side.max}`;
      throw new CodedError('usage', `--outpaint makes ${width}×${height}, more than the model draws (${most})`, {
        remedy: 'add --mask-padding, or use a smaller picture',
      });
    }
    return { image: canvas.picture, mask: canvas.mask, size: { width, height } };
  }
  return { image, ...(maskPath !== undefined && { mask: await decoded('--mask', maskPath, decodeMask) }) };
}

/** The files as they are, which the server decodes; a canvas is made here. @throws CodedError `image_unreadable` */
export async function readStartBase64(flags: StartFlags): Promise<StartFiles<string> | undefined> {
  const { image: path, mask, outpaint } = flags;
  if (path === undefined) return undefined;
  if (outpaint === undefined) {
    const image = await base64('--image', path);
    return { image, ...(mask !== undefined && { mask: await base64('--mask', mask) }) };
  }
  const canvas = await readStartPixels(flags);
  if (canvas?.mask === undefined) return undefined;
  const png = async (picture: DecodedPicture) =>
    Buffer.from(await encodeImage(picture, { format: 'png' })).toString('base64');
  const { size } = canvas;
  return { image: await png(canvas.image), mask: await png(maskPicture(canvas.mask)), ...(size && { size }) };
}

/** With padding only a part is painted, at the size of the model. */
function isSizeOpen({ size, width, height, maskPadding }: StartFlags): boolean {
  return size === undefined && width === undefined && height === undefined && maskPadding === undefined;
}

async function decoded<Pixels>(
  option: string,
  path: string,
  decode: (file: Uint8Array) => Promise<Pixels>,
): Promise<Pixels> {
  const file = await read(option, path);
  try {
    return await decode(file);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    throw new CodedError('image_unreadable', `${option} ${path}: ${error.message}`, {
      remedy: error.remedy,
      cause: error,
    });
  }
}

async function base64(option: string, path: string): Promise<string> {
  return (await read(option, path)).toString('base64');
}

function read(option: string, path: string): Promise<Buffer> {
  return readFile(path).catch((error: unknown) => {
    throw unreadableFile('image_unreadable', `${option} ${path}`, error);
  });
}
