import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { EngineError, toEngineError } from '../errors.ts';
import { type SdxlPart, sdxlEncoders } from '../families/sdxl-architecture.ts';
import { JsonConfig } from '../json-config.ts';
import type { ComponentTensors, LatentStatistics } from './checkpoint.ts';
import { inferConfigs, scalingOf } from './infer-configs.ts';

export interface SingleFileConfigs extends Readonly<Record<SdxlPart, JsonConfig>> {
  /** Human-readable. */
  readonly source: string;
  readonly scheduler: JsonConfig | undefined;
  readonly tokenizerFolders: readonly string[] | undefined;
}

/**
 * A single file has no configuration. SDXL's own follows from the shapes, because every head there is 64 wide and
 * every norm has 32 groups; for other sizes those numbers must come from a diffusers folder: the one given, or else one
 * next to the file that matches it tensor by tensor.
 */
export async function findConfigs(
  path: string,
  tensors: ComponentTensors,
  latents: LatentStatistics | undefined,
  folder: string | undefined,
): Promise<SingleFileConfigs> {
  if (folder !== undefined) return readFolder(folder, latents);
  const inferred = inferConfigs(path, tensors, latents);
  if (inferred)
    return { ...inferred, source: 'the shapes of the tensors', scheduler: undefined, tokenizerFolders: undefined };
  const refused: string[] = [];
  for (const candidate of await foldersNear(path)) {
    try {
      const configs = await readFolder(candidate, latents);
      if (fits(configs, tensors)) return configs;
      refused.push(`${candidate} is of other sizes`);
    } catch (thrown) {
      refused.push(toEngineError(thrown).message);
    }
  }
  const looked = refused.length === 0 ? '' : `; what lies near it does not fit: ${refused.slice(0, 3).join('; ')}`;
  const message = `${path} is not of SDXL's own size, so its numbers of heads and norm groups cannot be told from the file${looked}`;
  throw new EngineError('model_config_invalid', message, {
    remedy: 'give the diffusers folder with its configuration',
    details: { file: path },
  });
}

/** @param latents the file's own statistics; undefined: the folder decides */
async function readFolder(folder: string, latents: LatentStatistics | undefined): Promise<SingleFileConfigs> {
  const read = (name: string) => JsonConfig.read(join(folder, name, 'config.json'));
  const vae = await read('vae');
  return {
    source: folder,
    text_encoder: await read('text_encoder'),
    text_encoder_2: await read('text_encoder_2'),
    unet: await read('unet'),
    vae: latents ? vae.with(scalingOf(latents)) : vae,
    scheduler: await JsonConfig.read(join(folder, 'scheduler', 'scheduler_config.json')),
    tokenizerFolders: existsSync(join(folder, 'tokenizer'))
      ? sdxlEncoders.map(({ tokenizer }) => join(folder, tokenizer))
      : undefined,
  };
}

/** The file's own folder (as on the Hub, where both layouts share one), those inside it, and its neighbours. */
async function foldersNear(path: string): Promise<string[]> {
  const home = dirname(path);
  const inside = await subfolders(home);
  const deeper = (await Promise.all(inside.map(subfolders))).flat();
  const near = [home, ...inside, ...(await subfolders(dirname(home))), ...deeper];
  return near.filter((folder) => existsSync(join(folder, 'unet', 'config.json')));
}

async function subfolders(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map((entry) => join(folder, entry.name));
}

/** A cheap fingerprint of each network; building its graph later compares every tensor. */
function fits(configs: SingleFileConfigs, tensors: ComponentTensors): boolean {
  const rows = (name: SdxlPart, tensor: string) => tensors[name].get(tensor)?.shape[0];
  const columns = (name: SdxlPart, tensor: string) => tensors[name].get(tensor)?.shape[1];
  const embedding = 'text_model.embeddings.token_embedding.weight';
  return (
    configs.unet.ints('block_out_channels')[0] === rows('unet', 'conv_in.weight') &&
    configs.unet.int('projection_class_embeddings_input_dim') === columns('unet', 'add_embedding.linear_1.weight') &&
    configs.vae.ints('block_out_channels')[0] === rows('vae', 'encoder.conv_in.weight') &&
    configs.text_encoder.int('hidden_size') === columns('text_encoder', embedding) &&
    configs.text_encoder_2.int('hidden_size') === columns('text_encoder_2', embedding)
  );
}
