import { join } from 'node:path';
import { EngineError } from '../errors.ts';
import { JsonConfig } from '../json-config.ts';
import type { Checkpoint, CheckpointOptions, Component, ComponentName } from './checkpoint.ts';
import { pipelineFamily } from './families.ts';
import { MARKS, normalizeClipNames, normalizeVaeNames, unwrapped } from './older-names.ts';
import type { TensorTable } from './safetensors.ts';
import { withScales } from './scaled-weights.ts';
import { readWeightFiles } from './weight-files.ts';

const WEIGHT_STEMS: Record<ComponentName, string> = {
  text_encoder: 'model',
  text_encoder_2: 'model',
  unet: 'diffusion_pytorch_model',
  vae: 'diffusion_pytorch_model',
};

const NORMALIZERS: Record<ComponentName, (tensors: TensorTable) => TensorTable> = {
  text_encoder: normalizeClipNames,
  text_encoder_2: normalizeClipNames,
  unet: (tensors) => tensors,
  vae: normalizeVaeNames,
};

/** A folder in the layout of the diffusers library, as the Hub serves it; links are followed. */
export async function readDiffusersFolder(path: string, options: CheckpointOptions): Promise<Checkpoint> {
  const index = await JsonConfig.read(join(path, 'model_index.json'));
  refuseOtherPipelines(index);
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
    components: { text_encoder: textEncoder, text_encoder_2: textEncoder2, unet, vae },
    scheduler,
    tokenizerFolders: [join(path, 'tokenizer'), join(path, 'tokenizer_2')],
    sizes: declaredSizes(index),
    forceZerosForEmptyPrompt: index.boolean('force_zeros_for_empty_prompt', true),
  };
}

/** A key of our own, which diffusers passes over as it does all that begin with an underscore. */
function declaredSizes(index: JsonConfig): Checkpoint['sizes'] {
  if (!index.has('_easel')) return undefined;
  const own = index.within('_easel');
  return { minSide: own.int('min_side'), maxSide: own.int('max_side') };
}

const PIPELINES = [
  'StableDiffusionXLPipeline',
  'StableDiffusionXLImg2ImgPipeline',
  'StableDiffusionXLInpaintPipeline', // of the same parts; a UNet for inpainting is refused by its channels
];

/** @throws EngineError `model_unsupported`, saying what the folder is */
function refuseOtherPipelines(index: JsonConfig): void {
  const className = index.string('_class_name', 'StableDiffusionXLPipeline');
  const isRefiner = index.boolean('requires_aesthetics_score', false);
  if (PIPELINES.includes(className) && !isRefiner) return;
  const { what, help } = isRefiner
    ? { what: 'the SDXL refiner', help: 'give the folder of the model that it refines' }
    : pipelineFamily(className);
  throw new EngineError('model_unsupported', `${index.file}: this is ${what}; ${help}`, {
    details: { file: index.file },
  });
}

async function readComponent(path: string, name: ComponentName, options: CheckpointOptions): Promise<Component> {
  const config = await JsonConfig.read(join(path, name, 'config.json'));
  const stored = await readWeightFiles(join(path, name), WEIGHT_STEMS[name], options.variant);
  const tensors = NORMALIZERS[name](unwrapped(await withScales(stored), MARKS[name]));
  return { config: isTextEncoder(name) ? textConfig(config, tensors) : config, tensors };
}

function isTextEncoder(name: ComponentName): boolean {
  return name === 'text_encoder' || name === 'text_encoder_2';
}

/** Some write the configuration of a whole CLIP model, the text encoder's within it, and some do not name the class. */
function textConfig(config: JsonConfig, tensors: TensorTable): JsonConfig {
  const own = config.has('text_config') ? config.within('text_config') : config;
  if (own.has('architectures')) return own;
  const hasProjection = tensors.has('text_projection.weight');
  return own.with({ architectures: [hasProjection ? 'CLIPTextModelWithProjection' : 'CLIPTextModel'] });
}
