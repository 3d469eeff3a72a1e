import { layersOver, Network } from '../components/network.ts';
import { buildRrdb, type RrdbConfig, type RrdbShape } from '../components/rrdb/graph.ts';
import { rrdbConfig, rrdbTensors } from '../components/rrdb/names.ts';
import { EngineError } from '../errors.ts';
import { RrdbUpscaler } from '../pipeline/network-upscaler.ts';
import { engineThreads } from '../runtime/devices/processors.ts';
import { defaultTarget } from '../runtime/variant.ts';
import { readSafetensors } from '../weights/safetensors.ts';

/**
 * An ESRGAN-type upscaler (RRDBNet) on the CPU of this process.
 *
 * @throws EngineError `model_file_missing`, `model_unsupported`, `weights_corrupt`, `tensor_missing`, `tensor_shape`, `tensor_dtype`
 */
export async function openUpscaler(
  path: string,
  { threads }: { readonly threads?: number } = {},
): Promise<RrdbUpscaler> {
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
