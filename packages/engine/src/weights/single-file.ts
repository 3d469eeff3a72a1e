import { open } from 'node:fs/promises';
import { EngineError } from '../errors.ts';
import { JsonConfig } from '../json-config.ts';
import type { Checkpoint, CheckpointOptions, ComponentTensors } from './checkpoint.ts';
import { halfToNumber } from './half-precision.ts';
import { normalizeVaeNames } from './older-names.ts';
import { readSafetensors, type TensorInfo, type TensorTable } from './safetensors.ts';
import { openClipTensors } from './single-file-clip-names.ts';
import { findConfigs } from './single-file-configs.ts';
import { unetName } from './single-file-unet-names.ts';
import { vaeName } from './single-file-vae-names.ts';

const PREFIX = {
  unet: 'model.diffusion_model.',
  vae: 'first_stage_model.',
  clip1: 'conditioner.embedders.0.transformer.',
  clip2: 'conditioner.embedders.1.model.',
} as const;

/**
 * One .safetensors file with the names of the original training code ("ldm"), as image-generation programs exchange them.
 * Playground v2.5 is told by its `edm_mean` and `edm_std` tensors.
 */
export async function readSingleFile(path: string, options: CheckpointOptions): Promise<Checkpoint> {
  const all = await readSafetensors(path);
  refuseOtherPredictions(all, path);
  const tensors = splitComponents(all);
  const latents = { mean: await readFour(all, 'edm_mean', path), std: await readFour(all, 'edm_std', path) };
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
  const rename = (entries: [string, TensorInfo][], map: (name: string) => string) =>
    new Map(entries.map(([name, tensor]) => [map(name), tensor]));
  const unetNames = unet.map(([name]) => name);
  const vaeNames = vae.map(([name]) => name);
  return {
    unet: rename(unet, unetName(unetNames)),
    vae: normalizeVaeNames(rename(vae, vaeName(vaeNames))),
    text_encoder: new Map(below(PREFIX.clip1)),
    text_encoder_2: openClipTensors(new Map(below(PREFIX.clip2))),
  };
}

const V_PREDICTION_MARKS = ['edm_vpred.sigma_max', 'edm_vpred.sigma_min', 'v_pred', 'ztsnr'];

/** Sampling such a file as an EDM epsilon model would give noise, so it is refused by name. */
function refuseOtherPredictions(tensors: TensorTable, path: string): void {
  const details = { file: path };
  const mark = V_PREDICTION_MARKS.find((name) => tensors.has(name));
  if (mark !== undefined) {
    const message = `${path} is a v-prediction checkpoint (it has ${mark}); this engine runs Playground v2.5 and models sampled like it`;
    throw new EngineError('model_unsupported', message, { details: { ...details, tensor: mark } });
  }
  if (![...tensors.keys()].some((name) => name.startsWith(PREFIX.unet))) {
    const message = `${path} is not a checkpoint: it has no tensor under ${PREFIX.unet} (a LoRA or a single component cannot be loaded alone)`;
    throw new EngineError('model_unsupported', message, { details });
  }
  if (!tensors.has('edm_mean') || !tensors.has('edm_std')) {
    const message = `${path} has no edm_mean and edm_std: it is not Playground v2.5 (an ordinary SDXL file needs another sampler, which this engine lacks)`;
    throw new EngineError('model_unsupported', message, { details: { ...details, tensor: 'edm_mean' } });
  }
}

/** Any shape with four elements. */
async function readFour(tensors: TensorTable, name: string, path: string): Promise<number[]> {
  const tensor = tensors.get(name);
  const count = tensor?.shape.reduce((product, side) => product * side, 1);
  if (!tensor || count !== 4 || (tensor.dtype !== 'F32' && tensor.dtype !== 'F16')) {
    const message = `${path}: the tensor ${name} must hold 4 values as fp32 or fp16 (it is ${tensor?.dtype} [${tensor?.shape}])`;
    throw new EngineError('tensor_shape', message, { details: { file: path, tensor: name } });
  }
  await using handle = await open(tensor.file);
  const bytes = new Uint8Array(tensor.byteLength);
  await handle.read(bytes, 0, bytes.length, tensor.offset);
  return tensor.dtype === 'F32'
    ? [...new Float32Array(bytes.buffer)]
    : [...new Uint16Array(bytes.buffer)].map(halfToNumber);
}
