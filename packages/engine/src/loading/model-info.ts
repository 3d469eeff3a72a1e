import type { AdaptedModel } from '../adapters/adapter-shelf.ts';
import type { Checkpoint } from '../checkpoints/checkpoint.ts';
import { namesOfPath } from '../checkpoints/choose-family.ts';
import { downscaleOf } from '../components/vae/config.ts';
import { type KnownFamily, samplersOf } from '../families/families.ts';
import type { Family } from '../families/family.ts';
import { adapterNotice } from '../families/name-hints.ts';
import type { SdxlConfigs, SdxlPart } from '../families/sdxl-architecture.ts';
import type { ComponentInfo, ModelDefaults, ModelInfo, SchedulerName } from '../model.ts';
import { sizesOfModel } from '../pipeline/picture-sizes.ts';
import type { Profile } from '../profiles.ts';
import type { TensorTable } from '../weights/safetensors.ts';
import { elementCount } from '../weights/tensor-views.ts';

export function modelDefaults(
  { defaults }: KnownFamily,
  { unet, vae }: SdxlConfigs,
  scheduler: SchedulerName,
): ModelDefaults {
  const side = unet.sampleSize * downscaleOf(vae);
  const { steps, guidance, guidanceWith }: Family['defaults'] = defaults;
  return { width: side, height: side, steps, guidanceScale: guidanceWith?.[scheduler] ?? guidance, scheduler };
}

/** @param profiles that its requests may name */
export function modelInfo(
  checkpoint: Checkpoint,
  configs: SdxlConfigs,
  defaults: ModelDefaults,
  profiles: readonly Profile[],
): Omit<ModelInfo, 'device'> {
  const { path, layout, configSource, family, components, notices } = checkpoint;
  const names = ['text_encoder', 'text_encoder_2', 'unet', 'vae'] as const;
  return {
    path,
    layout,
    configSource,
    family: family.nameOf(configs),
    familyName: family.name,
    notices,
    defaults,
    takesNegativePrompt: configs.unet.guidanceEmbedDim === undefined,
    samplers: samplersOf(family),
    limits: family.limits,
    profiles,
    sizes: sizesOfModel(defaults.width, checkpoint.sizes),
    components: names.map((name) => componentInfo(name, components[name].tensors)),
  };
}

/** What the adapters of a request are fitted to. */
export function adaptedModel({ components, family }: Checkpoint): AdaptedModel {
  return {
    components,
    family,
    adapterNotice: ({ name, file, metadata }) => {
      const { 'modelspec.title': title = '', ss_output_name: output = '' } = metadata;
      return adapterNotice(name, [...namesOfPath(file), title, output], family);
    },
  };
}

function componentInfo(name: SdxlPart, tensors: TensorTable): ComponentInfo {
  const all = [...tensors.values()];
  return {
    name,
    files: [...new Set(all.map(({ file }) => file))],
    parameters: all.reduce((sum, { shape }) => sum + elementCount(shape), 0),
    bytes: all.reduce((sum, { byteLength }) => sum + byteLength, 0),
    precision: [...new Set(all.map(({ dtype }) => dtype))].sort().join(', '),
  };
}
