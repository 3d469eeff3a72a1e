import { EngineError } from '../errors.ts';
import { JsonConfig } from '../json-config.ts';
import type { Checkpoint, CheckpointOptions, ComponentTensors, LatentStatistics } from './checkpoint.ts';
import { readFloats } from './element-values.ts';
import { whatTensorsAre } from './families.ts';
import { MARKS, normalizeClipNames, normalizeVaeNames, unwrapped } from './older-names.ts';
import { readSafetensors, type TensorInfo, type TensorTable } from './safetensors.ts';
import { withScales } from './scaled-weights.ts';
import { openClipTensors } from './single-file-clip-names.ts';
import { findConfigs } from './single-file-configs.ts';
import { unetName } from './single-file-unet-names.ts';
import { vaeName } from './single-file-vae-names.ts';
import { elementCount } from './tensor-views.ts';

const PREFIX = {
  unet: 'model.diffusion_model.',
  vae: 'first_stage_model.',
  clip1: 'conditioner.embedders.0.transformer.',
  clip2: 'conditioner.embedders.1.model.',
  /** The second encoder under the names of transformers instead of open_clip's. */
  clip2Transformers: 'conditioner.embedders.1.transformer.',
} as const;

/**
 * One .safetensors file with the names of the original training code ("ldm"), as image-generation programs exchange them.
 * Playground v2.5 is told by its `edm_mean` and `edm_std` tensors; a file that lost them needs a configuration that has them.
 */
export async function readSingleFile(path: string, options: CheckpointOptions): Promise<Checkpoint> {
  const all = await withScales(await readSafetensors(path));
  refuseOtherModels(all, path);
  const latents = await readLatentStatistics(all, path);
  if (!latents && options.config === undefined) throw withoutStatistics(path);
  const tensors = splitComponents(all);
  const configs = await findConfigs(path, tensors, latents, options.config);
  return {
    path,
    layout: 'single-file',
    configSource: configs.source,
    components: {
      text_encoder: { config: configs.text_encoder, tensors: tensors.text_encoder },
      text_encoder_2: { config: configs.text_encoder_2, tensors: tensors.text_encoder_2 },
      unet: { config: configs.unet, tensors: tensors.unet },
      vae: { config: configs.vae, tensors: tensors.vae },
    },
    scheduler: configs.scheduler ?? new JsonConfig({ _class_name: 'EDMDPMSolverMultistepScheduler' }, path),
    tokenizerFolders: configs.tokenizerFolders,
    sizes: undefined,
    forceZerosForEmptyPrompt: true,
  };
}

function splitComponents(all: TensorTable): ComponentTensors {
  const below = (prefix: string) =>
    [...all].flatMap(([name, tensor]): [string, TensorInfo][] =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), tensor]] : [],
    );
  const unet = below(PREFIX.unet);
  const vae = below(PREFIX.vae);
  const clip2 = new Map(below(PREFIX.clip2));
  const rename = (entries: [string, TensorInfo][], map: (name: string) => string) =>
    new Map(entries.map(([name, tensor]) => [map(name), tensor]));
  const unetNames = unet.map(([name]) => name);
  const vaeNames = vae.map(([name]) => name);
  return {
    unet: rename(unet, unetName(unetNames)),
    vae: normalizeVaeNames(rename(vae, vaeName(vaeNames))),
    text_encoder: normalizeClipNames(unwrapped(new Map(below(PREFIX.clip1)), MARKS.text_encoder)),
    text_encoder_2:
      clip2.size > 0 ? openClipTensors(clip2) : normalizeClipNames(new Map(below(PREFIX.clip2Transformers))),
  };
}

/** Sampling another model as one of EDM's would give noise, so it is refused by what it is. */
function refuseOtherModels(tensors: TensorTable, path: string): void {
  const other = whatTensorsAre(tensors);
  if (!other) return;
  const message = `${path} is ${other.what}; ${other.help}`;
  throw new EngineError('model_unsupported', message, { details: { file: path } });
}

function withoutStatistics(path: string): EngineError {
  const message =
    `${path} is an SDXL checkpoint without edm_mean and edm_std, so it is not Playground v2.5: ordinary SDXL needs another sampler, which this engine lacks; ` +
    'if it is a Playground v2.5 that lost the two (some tools drop them), give the diffusers folder of Playground v2.5 as its configuration';
  return new EngineError('model_unsupported', message, { details: { file: path, tensor: 'edm_mean' } });
}

/** Undefined: the file has none. */
async function readLatentStatistics(tensors: TensorTable, path: string): Promise<LatentStatistics | undefined> {
  const [mean, std] = [tensors.get('edm_mean'), tensors.get('edm_std')];
  if (!mean || !std) return undefined;
  return { mean: await readFour('edm_mean', mean, path), std: await readFour('edm_std', std, path) };
}

/** Any shape with four elements. */
async function readFour(name: string, tensor: TensorInfo, path: string): Promise<number[]> {
  const values = elementCount(tensor.shape) === 4 ? await readFloats(tensor) : undefined;
  if (values?.every(Number.isFinite)) return values;
  const message = `${path}: the tensor ${name} must hold 4 numbers (it is ${tensor.dtype} [${tensor.shape}])`;
  throw new EngineError('tensor_shape', message, { details: { file: path, tensor: name } });
}
