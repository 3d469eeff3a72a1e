import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineError } from '../errors.ts';
import { JsonConfig } from '../json-config.ts';
import type { Checkpoint, CheckpointOptions, Component, ComponentName } from './checkpoint.ts';
import { normalizeClipNames, normalizeVaeNames } from './older-names.ts';
import { readSafetensors, type TensorTable } from './safetensors.ts';

const WEIGHT_STEMS: Record<ComponentName, string> = {
  text_encoder: 'model',
  text_encoder_2: 'model',
  unet: 'diffusion_pytorch_model',
  vae: 'diffusion_pytorch_model',
};

/** A folder in the layout of the diffusers library, as the Hub serves it; links are followed. */
export async function readDiffusersFolder(path: string, options: CheckpointOptions): Promise<Checkpoint> {
  const index = await JsonConfig.read(join(path, 'model_index.json'));
  index.require('_class_name', 'StableDiffusionXLPipeline', 'StableDiffusionXLImg2ImgPipeline');
  const [textEncoder, textEncoder2, unet, vae, scheduler] = await Promise.all([
    readComponent(path, 'text_encoder', options),
    readComponent(path, 'text_encoder_2', options),
    readComponent(path, 'unet', options),
    readComponent(path, 'vae', options),
    JsonConfig.read(join(path, 'scheduler', 'scheduler_config.json')),
  ]);
  return {
    path,
    layout: 'diffusers',
    configSource: 'the config.json files of the folder',
    components: {
      text_encoder: { ...textEncoder, tensors: normalizeClipNames(textEncoder.tensors) },
      text_encoder_2: { ...textEncoder2, tensors: normalizeClipNames(textEncoder2.tensors) },
      unet,
      vae: { ...vae, tensors: normalizeVaeNames(vae.tensors) },
    },
    scheduler,
    tokenizerFolders: [join(path, 'tokenizer'), join(path, 'tokenizer_2')],
    forceZerosForEmptyPrompt: index.boolean('force_zeros_for_empty_prompt', true),
  };
}

async function readComponent(path: string, name: ComponentName, options: CheckpointOptions): Promise<Component> {
  const config = await JsonConfig.read(join(path, name, 'config.json'));
  return { config, tensors: await readWeights(join(path, name), WEIGHT_STEMS[name], options) };
}

/** `NAME.fp16.safetensors` and `NAME.safetensors` hold the same model; whichever is there will do. */
async function readWeights(
  folder: string,
  stem: string,
  { variant = 'fp16' }: CheckpointOptions,
): Promise<TensorTable> {
  const names = [`${stem}.fp16.safetensors`, `${stem}.safetensors`];
  for (const name of variant === 'fp16' ? names : names.toReversed()) {
    const file = join(folder, name);
    if (await exists(file)) return readSafetensors(file);
  }
  const message = `${folder} holds neither ${names.join(' nor ')}; download the model again`;
  throw new EngineError('model_file_missing', message, { details: { file: join(folder, names[0] ?? stem) } });
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
