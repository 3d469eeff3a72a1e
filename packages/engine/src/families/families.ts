import type { JsonConfig } from '../json-config.ts';
import { parseSamplingConfig, type SamplingConfig, unsupportedValue } from '../sampling/config.ts';
import { type SamplerFor, samplerOfClass, samplers, samplersFor } from '../sampling/samplers/table.ts';
import type { TensorTable } from '../weights/safetensors.ts';
import { playgroundV25 } from './playground-v2.5.ts';

/** Every supported family. */
const families = [playgroundV25] as const;
export type KnownFamily = (typeof families)[number];

/** The samplers of the families' models, by their names in requests. */
export type FamilySampler = SamplerFor<KnownFamily['noise']>;

export function samplersOf(family: KnownFamily): readonly FamilySampler[] {
  return samplersFor(family.noise);
}

/** By the class named in model_index.json; undefined: none of these. */
export function familyOfPipeline(className: string): KnownFamily | undefined {
  return families.find(({ pipelines }) => pipelines.some((name) => name === className));
}

/** By the tensors that only single files of the family have. */
export function familyOfTensors(tensors: TensorTable): KnownFamily | undefined {
  return families.find(({ latents }) => tensors.has(latents.mean) && tensors.has(latents.std));
}

/** The family of a single file that lacks its identifying tensors, when a configuration stands in for them. */
export const familyWithoutMarks: KnownFamily = playgroundV25;

/**
 * How a model of a family is sampled. Samplers for other kinds of noise exist, but it has not been verified that networks trained with
 * them run correctly.
 *
 * @throws EngineError `model_unsupported`, `model_config_invalid`
 */
export function familySampling(
  family: KnownFamily,
  config: JsonConfig,
): SamplingConfig & { readonly sampler: FamilySampler } {
  const className = config.string('_class_name', family.scheduler);
  const sampler = samplersOf(family).find((name) => name === samplerOfClass(className));
  if (sampler === undefined) {
    const known = samplersOf(family).map((name) => samplers[name].className);
    throw unsupportedValue(config.file, '_class_name', className, known, OTHER_SAMPLER);
  }
  return { ...parseSamplingConfig(config), sampler };
}

const OTHER_SAMPLER =
  'a model with another sampler (ordinary SDXL among them) is not supported yet; use one trained with EDM, such as Playground v2.5';
