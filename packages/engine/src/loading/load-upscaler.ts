import { layersOver, Network } from '../components/network.ts';
import { buildRrdb, type RrdbConfig, type RrdbShape } from '../components/rrdb/graph.ts';
import { rrdbConfig, rrdbTensors } from '../components/rrdb/names.ts';
import { RrdbUpscaler } from '../components/rrdb/upscaler.ts';
import { EngineError } from '../errors.ts';
import type { DecodedPicture } from '../image/picture.ts';
import { requireChoice } from '../pipeline/limits.ts';
import { requireWhole } from '../pipeline/start-picture.ts';
import { requireUpscaledSize } from '../pipeline/upscale.ts';
import { engineThreads } from '../runtime/devices/processors.ts';
import { nextTurn } from '../runtime/passes.ts';
import { defaultTarget } from '../runtime/variant.ts';
import { readSafetensors } from '../weights/safetensors.ts';

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

/** The network for the pipeline of a model. @throws EngineError as `loadUpscaler` */
export async function openUpscaler(path: string, { threads }: UpscalerOptions = {}): Promise<RrdbUpscaler> {
  const tensors = rrdbTensors(await readSafetensors(path));
  if (!tensors) throw unsupported(path, 'is not an ESRGAN-type upscaler (RRDBNet)');
  const config = rrdbConfig(tensors);
  requireKnown(config, path);
  const build = (shape: RrdbShape, of: Parameters<typeof buildRrdb>[2]) => buildRrdb(config, shape, of);
  build({ height: 8, width: 8 }, layersOver(tensors, defaultTarget.device, '/')); // checks every tensor
  const network = new Network<RrdbShape>({
    part: 'upscaler',
    kind: 'upscale',
    keep: 4,
    tensors,
    build,
    threads: threads ?? engineThreads(),
    weights: () => 'resident',
  });
  return new RrdbUpscaler(config, network);
}

function requireKnown({ inChannels, doublings }: RrdbConfig, path: string): void {
  const isKnown = [3, 12, 48].includes(inChannels) && doublings >= 1 && doublings <= 3;
  if (isKnown && 2 ** doublings > Math.sqrt(inChannels / 3)) return;
  throw unsupported(
    path,
    isKnown
      ? 'is an RRDBNet that does not enlarge pictures'
      : `is an RRDBNet of ${inChannels} input channels that doubles ${doublings} times`,
  );
}

function unsupported(path: string, problem: string): EngineError {
  return new EngineError('model_unsupported', `${path} ${problem}`, {
    remedy: 'give the .safetensors file of an ESRGAN or Real-ESRGAN upscaler, such as RealESRGAN_x4plus',
    details: { file: path },
  });
}
