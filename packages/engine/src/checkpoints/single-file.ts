import { EngineError } from '../errors.ts';
import { whatTensorsAre } from '../families/other-models.ts';
import { edmTensors } from '../families/playground-v2.5.ts';
import { type Part, type SdxlPart, sdxlParts } from '../families/sdxl-architecture.ts';
import { readFloats } from '../weights/element-values.ts';
import { readSafetensorsFile, type TensorInfo, type TensorTable } from '../weights/safetensors.ts';
import { withScales } from '../weights/scaled-weights.ts';
import { elementCount } from '../weights/tensor-views.ts';
import type { Checkpoint, CheckpointOptions, ComponentTensors, LatentStatistics } from './checkpoint.ts';
import { chooseFamily, namesOfPath } from './choose-family.ts';
import { replaceParts } from './replace-parts.ts';
import { findConfigs } from './single-file-configs.ts';

/**
 * One .safetensors file with the names of the original training code ("ldm"), as image-generation programs exchange them.
 * Playground v2.5 is identified by its `edm_mean` and `edm_std` tensors; a file without them may have them in a given configuration.
 */
export async function readSingleFile(path: string, options: CheckpointOptions): Promise<Omit<Checkpoint, 'options'>> {
  const { tensors: stored, metadata } = await readSafetensorsFile(path);
  const all = await withScales(stored);
  refuseOtherModels(all, path);
  const latents = await readLatentStatistics(all, path);
  const tensors = splitComponents(all);
  const configs = await findConfigs(path, tensors, latents, options.config);
  const component = (part: SdxlPart) => ({ config: configs[part], tensors: tensors[part] });
  const own = {
    text_encoder: component('text_encoder'),
    text_encoder_2: component('text_encoder_2'),
    unet: component('unet'),
    vae: component('vae'),
  };
  const components = await replaceParts(own, options);
  const names = [...namesOfPath(path), metadata['modelspec.title'] ?? '', metadata['modelspec.architecture'] ?? ''];
  const chosen = chooseFamily({ scheduler: configs.scheduler, components, names, ...options });
  if (chosen.family.noise === 'discrete' && options.family === undefined) refuseLostStatistics(names, path);
  return {
    path,
    layout: 'single-file',
    configSource: configs.source,
    ...chosen,
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

/** Sampled as ordinary SDXL, a Playground v2.5 draws nothing but noise. */
function refuseLostStatistics(names: readonly string[], path: string): void {
  if (!names.some((name) => /playground.*2[._-]?5/i.test(name))) return;
  const message = `${path} is called Playground v2.5, but is without edm_mean and edm_std (some tools drop them)`;
  const remedy =
    'if it is one, name its family, playground-v2.5, or give the diffusers folder of Playground v2.5 as its configuration; if it is not, name the family sdxl';
  throw new EngineError('model_unsupported', message, { remedy, details: { file: path, tensor: edmTensors.mean } });
}

/** Undefined unless it has both. */
async function readLatentStatistics(tensors: TensorTable, path: string): Promise<LatentStatistics | undefined> {
  const [meanTensor, stdTensor] = [tensors.get(edmTensors.mean), tensors.get(edmTensors.std)];
  if (!meanTensor || !stdTensor) return undefined;
  const [mean, std] = [
    await readFour(edmTensors.mean, meanTensor, path),
    await readFour(edmTensors.std, stdTensor, path),
  ];
  return { mean, std, scalingFactor: edmTensors.scalingFactor };
}

/** Any shape with four elements. */
async function readFour(name: string, tensor: TensorInfo, path: string): Promise<number[]> {
  const values = elementCount(tensor.shape) === 4 ? await readFloats(tensor) : undefined;
  if (values?.every(Number.isFinite)) return values;
  const message = `${path}: the tensor ${name} must hold 4 numbers (it is ${tensor.dtype} [${tensor.shape}])`;
  throw new EngineError('tensor_shape', message, { details: { file: path, tensor: name } });
}
