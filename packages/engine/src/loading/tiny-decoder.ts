import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { layersOver, Network } from '../components/network.ts';
import { buildTinyDecoder, TINY_DOWNSCALE } from '../components/tiny-vae/graph.ts';
import { tinyDecoderTensors } from '../components/tiny-vae/names.ts';
import { TinyDecoder } from '../components/tiny-vae/tiny-decoder.ts';
import { downscaleOf, type VaeConfig } from '../components/vae/config.ts';
import type { VaeShape } from '../components/vae/graph.ts';
import { EngineError } from '../errors.ts';
import { JsonConfig } from '../json-config.ts';
import type { Residency } from '../runtime/residency.ts';
import { defaultTarget } from '../runtime/variant.ts';
import { readSafetensors, type TensorTable } from '../weights/safetensors.ts';
import { readWeightFiles } from '../weights/weight-files.ts';

/**
 * Loads a tiny autoencoder's decoder (TAESD for SDXL).
 *
 * @param path a .safetensors file in diffusers' layout or the original one, or a folder that diffusers saved
 * @param vae of the model, whose latents it will decode
 * @throws EngineError `model_file_missing`, `model_unsupported`, `model_config_invalid`, `weights_corrupt`, `tensor_missing`,
 *   `tensor_shape`, `tensor_dtype`
 */
export async function loadTinyDecoder(
  path: string,
  vae: VaeConfig,
  { threads, residency }: { readonly threads: number; readonly residency: Residency },
): Promise<TinyDecoder> {
  const tensors = tinyDecoderTensors(await readTensors(path));
  const [width = 0, latentChannels = 0] = tensors.get('decoder.layers.0.weight')?.shape ?? [];
  if (width === 0) {
    const remedy = 'give taesdxl_decoder.safetensors or the folder of taesdxl; easel pull taesdxl downloads it';
    throw unsupported(path, 'has no decoder of a tiny autoencoder', remedy);
  }
  if (latentChannels !== vae.latentChannels || downscaleOf(vae) !== TINY_DOWNSCALE) {
    const problem = `decodes latents of ${latentChannels} channels, ${TINY_DOWNSCALE} pixels each; those of this model have ${vae.latentChannels} and ${downscaleOf(vae)}`;
    throw unsupported(path, problem, "give the tiny decoder of this model's family: taesdxl for SDXL and Playground");
  }
  const config = { width, latentChannels };
  const build = (shape: VaeShape, of: Parameters<typeof buildTinyDecoder>[2]) => buildTinyDecoder(config, shape, of);
  build({ batch: 1, height: 8, width: 8 }, layersOver(tensors, defaultTarget.device, '/')); // checks every tensor
  const network = new Network({
    part: 'tiny_decoder',
    kind: 'vae_decode',
    keep: 4,
    tensors,
    build,
    threads,
    residency,
    weights: () => 'resident',
  });
  return new TinyDecoder(vae, network);
}

async function readTensors(path: string): Promise<TensorTable> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false, // reported by the file's reader
  );
  if (!isFolder) return readSafetensors(path);
  const config = await JsonConfig.read(join(path, 'config.json'));
  config.require('_class_name', 'AutoencoderTiny');
  config.require('act_fn', 'relu');
  config.require('upsample_fn', 'nearest');
  config.require('upsampling_scaling_factor', 2);
  config.require('latent_magnitude', 3);
  return readWeightFiles(path, 'diffusion_pytorch_model');
}

function unsupported(path: string, problem: string, remedy: string): EngineError {
  return new EngineError('model_unsupported', `${path} ${problem}`, { remedy, details: { file: path } });
}
