import { EngineError } from '../errors.ts';
import { familyOfTensors, familyWithoutMarks, type KnownFamily } from '../families/families.ts';
import { whatTensorsAre } from '../families/other-models.ts';
import { type Part, type SdxlPart, sdxlParts } from '../families/sdxl-architecture.ts';
import { JsonConfig } from '../json-config.ts';
import { readFloats } from '../weights/element-values.ts';
import { readSafetensors, type TensorInfo, type TensorTable } from '../weights/safetensors.ts';
import { withScales } from '../weights/scaled-weights.ts';
import { elementCount } from '../weights/tensor-views.ts';
import type { Checkpoint, CheckpointOptions, ComponentTensors, LatentStatistics } from './checkpoint.ts';
import { findConfigs } from './single-file-configs.ts';

/**
 * One .safetensors file with the names of the original training code ("ldm"), as image-generation programs exchange them.
 * Playground v2.5 is identified by its `edm_mean` and `edm_std` tensors; a file without them needs a configuration that has them.
 */
export async function readSingleFile(path: string, options: CheckpointOptions): Promise<Checkpoint> {
  const all = await withScales(await readSafetensors(path));
  refuseOtherModels(all, path);
  const known = familyOfTensors(all);
  if (!known && options.config === undefined) throw withoutStatistics(path);
  const family = known ?? familyWithoutMarks;
  const latents = known && (await readLatentStatistics(known, all, path));
  const tensors = splitComponents(all);
  const configs = await findConfigs(path, tensors, latents, options.config);
  return {
    path,
    layout: 'single-file',
    family,
    configSource: configs.source,
    components: {
      text_encoder: { config: configs.text_encoder, tensors: tensors.text_encoder },
      text_encoder_2: { config: configs.text_encoder_2, tensors: tensors.text_encoder_2 },
      unet: { config: configs.unet, tensors: tensors.unet },
      vae: { config: configs.vae, tensors: tensors.vae },
    },
    scheduler: configs.scheduler ?? new JsonConfig({ _class_name: family.scheduler }, path),
    tokenizerFolders: configs.tokenizerFolders,
    sizes: undefined,
    forceZerosForEmptyPrompt: true,
  };
}

function splitComponents(all: TensorTable): ComponentTensors {
  const below = (prefix: string) =>
    new Map(
      [...all].flatMap(([name, tensor]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), tensor]] : [])),
    );
  const tensorsOf = (name: SdxlPart): TensorTable => {
    const { inSingleFile }: Part = sdxlParts[name];
    const found = inSingleFile.map(([prefix, current]) => [below(prefix), current] as const);
    const [tensors, current] = found.find(([{ size }]) => size > 0) ?? found[0];
    return current(tensors);
  };
  return {
    text_encoder: tensorsOf('text_encoder'),
    text_encoder_2: tensorsOf('text_encoder_2'),
    unet: tensorsOf('unet'),
    vae: tensorsOf('vae'),
  };
}

/** Sampling another model as an EDM model would produce noise, so it is rejected by its prediction type. */
function refuseOtherModels(tensors: TensorTable, path: string): void {
  const other = whatTensorsAre(tensors);
  if (!other) return;
  const { what, help: remedy } = other;
  throw new EngineError('model_unsupported', `${path} is ${what}`, { remedy, details: { file: path } });
}

function withoutStatistics(path: string): EngineError {
  const message = `${path} is an SDXL checkpoint without edm_mean and edm_std, so it is not Playground v2.5: ordinary SDXL is not supported yet`;
  const remedy =
    'if it is a Playground v2.5 that lost the two (some tools drop them), give the diffusers folder of Playground v2.5 as its configuration';
  return new EngineError('model_unsupported', message, { remedy, details: { file: path, tensor: 'edm_mean' } });
}

async function readLatentStatistics(
  { latents }: KnownFamily,
  tensors: TensorTable,
  path: string,
): Promise<LatentStatistics> {
  const [mean, std] = await Promise.all(
    [latents.mean, latents.std].map((name) => readFour(name, tensors.get(name), path)),
  );
  return { mean, std, scalingFactor: latents.scalingFactor };
}

/** Any shape with four elements. */
async function readFour(name: string, tensor: TensorInfo | undefined, path: string): Promise<number[]> {
  const values = tensor && elementCount(tensor.shape) === 4 ? await readFloats(tensor) : undefined;
  if (values?.every(Number.isFinite)) return values;
  const message = `${path}: the tensor ${name} must hold 4 numbers (it is ${tensor?.dtype} [${tensor?.shape}])`;
  throw new EngineError('tensor_shape', message, { details: { file: path, tensor: name } });
}
