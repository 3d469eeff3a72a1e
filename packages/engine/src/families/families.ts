import type { JsonConfig } from '../json-config.ts';
import { parseSamplingConfig, type SamplingConfig, unsupported } from '../sampling/config.ts';
import { type SamplerFor, samplerOfClass, samplers, samplersFor } from '../sampling/samplers/table.ts';

/** The samplers of a family's models, by their names in requests. */
export type FamilySampler = SamplerFor<'edm'>;
export const familySamplers: readonly FamilySampler[] = samplersFor('edm');

/**
 * How a model is sampled, if this engine runs its family: so far the one that was trained with EDM. The samplers of others are there, but
 * nothing has shown yet that their networks are run as they should.
 *
 * @throws EngineError `model_unsupported`, `model_config_invalid`
 */
export function familySampling(config: JsonConfig): SamplingConfig & { readonly sampler: FamilySampler } {
  const className = config.string('_class_name', samplers.edm_dpmpp_2m.className);
  const sampler = familySamplers.find((name) => name === samplerOfClass(className));
  if (sampler === undefined) {
    const known = familySamplers.map((name) => samplers[name].className);
    throw unsupported(config.file, '_class_name', className, known, NOT_EDM);
  }
  return { ...parseSamplingConfig(config), sampler };
}

const NOT_EDM =
  'a model with another sampler (ordinary SDXL among them) is not supported yet; use one trained with EDM, such as Playground v2.5';
