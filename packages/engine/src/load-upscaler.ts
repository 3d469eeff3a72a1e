import type { DecodedPicture } from './image/picture.ts';
import { requireChoice } from './pipeline/limits.ts';
import { requireWhole } from './pipeline/start-picture.ts';
import { nextTurn } from './runtime/passes.ts';
import { defaultTarget } from './runtime/variant.ts';

export interface UpscalerOptions {
  /** Default: `engineThreads()`. */
  readonly threads?: number;
}

export interface UpscaleOptions {
  /** By how much both sides grow: 2, 4 or 8, whatever the network does in one pass. Default: the upscaler's scale. */
  readonly by?: number;
  readonly signal?: AbortSignal;
  /** After each tile. */
  readonly onTile?: (done: number, total: number) => void;
}

/** A network that enlarges pictures, loaded. */
export interface Upscaler {
  /** By how much both sides grow in one pass: 2, 4 or 8. */
  readonly scale: number;
  /** @throws EngineError `invalid_request` for a picture that would become too large, `cancelled` */
  upscale(picture: DecodedPicture, options?: UpscaleOptions): Promise<DecodedPicture>;
  close(): Promise<void>;
}

/**
 * Loads an ESRGAN-type upscaler (RRDBNet) on the CPU of this process.
 *
 * @param path a .safetensors file, in the layout of BasicSR and Real-ESRGAN or in the original one
 * @throws EngineError `model_file_missing`, `model_unsupported`, `weights_corrupt`, `tensor_missing`, `tensor_shape`, `tensor_dtype`
 * @example
 * const upscaler = await loadUpscaler('RealESRGAN_x4plus.safetensors');
 * const large = await upscaler.upscale(await decodeImage(await readFile('photo.jpg')));
 * await upscaler.close();
 */
export async function loadUpscaler(path: string, options: UpscalerOptions = {}): Promise<Upscaler> {
  // Imported here, as in load-model.ts: most programs enlarge nothing in their own process.
  const { openUpscaler } = await import('./loading/open-upscaler.ts');
  const { requireUpscaledSize } = await import('./pipeline/upscale.ts');
  const upscaler = await openUpscaler(path, options);
  return {
    scale: upscaler.scale,
    async upscale(picture, { by = upscaler.scale, signal, onTile } = {}) {
      requireWhole('picture', picture, 3);
      requireChoice('by', by, [2, 4, 8]);
      requireUpscaledSize(picture, by);
      const beforePass = () => nextTurn(signal);
      return upscaler.upscale(picture, by, { target: defaultTarget, hooks: {}, onTile, beforePass });
    },
    close: () => upscaler.release(),
  };
}
