import { downscaleOf } from '../graphs/vae-config.ts';
import type { ComponentInfo, ModelDefaults, ModelInfo, SchedulerName } from '../model.ts';
import { sizesOfModel } from '../pipeline/picture-sizes.ts';
import type { Checkpoint, ComponentName } from '../weights/checkpoint.ts';
import type { TensorTable } from '../weights/safetensors.ts';
import { elementCount } from '../weights/tensor-views.ts';
import type { ComponentConfigs } from './component-configs.ts';

/** Playground v2.5's own latent statistics and widths tell it from its relatives. */
const PLAYGROUND_MEAN = [-1.6574, 1.886, -1.383, 2.5155];
const SDXL_WIDTHS = [320, 640, 1280];

/** Recommended with each sampler by the model's authors. */
const GUIDANCE: Record<SchedulerName, number> = { edm_dpmpp_2m: 3, edm_euler: 5 };
const STEPS = 25;

export function modelDefaults(configs: ComponentConfigs, scheduler: SchedulerName): ModelDefaults {
  const side = configs.unet.sampleSize * downscaleOf(configs.vae);
  return { width: side, height: side, steps: STEPS, guidanceScale: GUIDANCE[scheduler], scheduler };
}

export function modelInfo(checkpoint: Checkpoint, configs: ComponentConfigs, defaults: ModelDefaults): ModelInfo {
  const { path, layout, configSource, components } = checkpoint;
  const names = ['text_encoder', 'text_encoder_2', 'unet', 'vae'] as const;
  return {
    path,
    layout,
    configSource,
    family: familyOf(configs),
    defaults,
    sizes: sizesOfModel(defaults.width, checkpoint.sizes),
    components: names.map((name) => componentInfo(name, components[name].tensors)),
  };
}

function familyOf({ unet, vae }: ComponentConfigs): string {
  const isPlayground = vae.latents.mean.every((value, channel) => Math.abs(value - PLAYGROUND_MEAN[channel]) < 1e-3);
  const isFullSize = SDXL_WIDTHS.every((width, level) => unet.blockOutChannels[level] === width);
  if (isPlayground && isFullSize) return 'Playground v2.5';
  return 'Playground v2.5 architecture (SDXL UNet, EDM sampling)';
}

function componentInfo(name: ComponentName, tensors: TensorTable): ComponentInfo {
  const all = [...tensors.values()];
  return {
    name,
    files: [...new Set(all.map(({ file }) => file))],
    parameters: all.reduce((sum, { shape }) => sum + elementCount(shape), 0),
    bytes: all.reduce((sum, { byteLength }) => sum + byteLength, 0),
    precision: [...new Set(all.map(({ dtype }) => dtype))].sort().join(', '),
  };
}
