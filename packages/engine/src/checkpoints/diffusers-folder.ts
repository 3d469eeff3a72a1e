import { join } from 'node:path';
import type { Component } from '../components/stored-form.ts';
import { EngineError } from '../errors.ts';
import { isSdxlPipeline } from '../families/families.ts';
import { pipelineFamily } from '../families/other-models.ts';
import { type SdxlPart, sdxlEncoders, sdxlParts } from '../families/sdxl-architecture.ts';
import { JsonConfig } from '../json-config.ts';
import { withScales } from '../weights/scaled-weights.ts';
import { readWeightFiles } from '../weights/weight-files.ts';
import type { Checkpoint, CheckpointOptions } from './checkpoint.ts';
import { chooseFamily, namesOfPath } from './choose-family.ts';
import { replaceParts } from './replace-parts.ts';

/** A folder in the layout of the diffusers library, as the Hub serves it; links are followed. */
export async function readDiffusersFolder(
  path: string,
  options: CheckpointOptions,
): Promise<Omit<Checkpoint, 'options'>> {
  const index = await JsonConfig.read(join(path, 'model_index.json'));
  requireSdxlPipeline(index);
  const [textEncoder, textEncoder2, unet, vae, scheduler] = await Promise.all([
    readComponent(path, 'text_encoder', options),
    readComponent(path, 'text_encoder_2', options),
    readComponent(path, 'unet', options),
    readComponent(path, 'vae', options),
    JsonConfig.read(join(path, 'scheduler', 'scheduler_config.json')),
  ]);
  const own = { text_encoder: textEncoder, text_encoder_2: textEncoder2, unet, vae };
  const components = await replaceParts(own, options);
  const names = [...namesOfPath(path), index.string('_name_or_path', ''), unet.config.string('_name_or_path', '')];
  return {
    path,
    layout: 'diffusers',
    configSource: 'the config.json files of the folder',
    ...chooseFamily({ scheduler, components, names, ...options }),
    tokenizerFolders: sdxlEncoders.map(({ tokenizer }) => join(path, tokenizer)),
    sizes: declaredSizes(index),
    forceZerosForEmptyPrompt: index.boolean('force_zeros_for_empty_prompt', true),
  };
}

/** A key of our own; diffusers ignores all keys that begin with an underscore. */
function declaredSizes(index: JsonConfig): Checkpoint['sizes'] {
  if (!index.has('_easel')) return undefined;
  const own = index.within('_easel');
  return { minSide: own.int('min_side'), maxSide: own.int('max_side') };
}

/** @throws EngineError `model_unsupported`, saying what the folder is */
function requireSdxlPipeline(index: JsonConfig): void {
  const className = index.string('_class_name', 'StableDiffusionXLPipeline');
  const isRefiner = index.boolean('requires_aesthetics_score', false);
  if (isSdxlPipeline(className) && !isRefiner) return;
  const { what, help } = isRefiner
    ? { what: 'the SDXL refiner', help: 'give the folder of the model that it refines' }
    : pipelineFamily(className);
  throw new EngineError('model_unsupported', `${index.file}: this is ${what}`, {
    remedy: help,
    details: { file: index.file },
  });
}

async function readComponent(path: string, part: SdxlPart, options: CheckpointOptions): Promise<Component> {
  const { form } = sdxlParts[part];
  const config = await JsonConfig.read(join(path, part, 'config.json'));
  const tensors = form.current(await withScales(await readWeightFiles(join(path, part), form.stem, options.variant)));
  return { config: form.config?.(config, tensors) ?? config, tensors };
}
