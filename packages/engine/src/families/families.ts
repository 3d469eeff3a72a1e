import { EngineError } from '../errors.ts';
import type { JsonConfig } from '../json-config.ts';
import { parseSamplingConfig, type SamplingConfig, unsupportedValue } from '../sampling/config.ts';
import { type SamplerFor, samplerOfClass, samplers, samplersFor } from '../sampling/samplers/table.ts';
import type { Steps } from '../sampling/schedules/levels.ts';
import type { Evidence, Family } from './family.ts';
import {
  dmd2,
  hyperSd,
  hyperSd1Step,
  hyperSdUnified,
  lcm,
  lcmUnet,
  lightning,
  lightning1Step,
  sdxlTurbo,
  tcd,
} from './few-steps.ts';
import { playgroundV25 } from './playground-v2.5.ts';
import { koalaLightning, playgroundV2, sdxl, ssd1b, vega } from './sdxl.ts';

/** Every supported family; a model is of the first that fits. */
const families = [
  playgroundV25,
  lcmUnet,
  dmd2,
  hyperSd1Step,
  lcm,
  hyperSdUnified,
  tcd,
  ssd1b,
  vega,
  koalaLightning,
  playgroundV2,
  sdxlTurbo,
  lightning1Step,
  lightning,
  hyperSd,
  sdxl,
] as const;
export type KnownFamily = (typeof families)[number];
export type FamilyName = KnownFamily['name'];

/** The samplers of the families' models, by their names in requests. */
export type FamilySampler = SamplerFor<KnownFamily['noise']>;

/** All of them. */
export const familySamplers: readonly FamilySampler[] = [...new Set(families.flatMap(samplersOf))];

/** By which a family can be chosen, see `LoadOptions.family`. */
export const familyNames: readonly FamilyName[] = families.map(({ name }) => name);

export function samplersOf(family: KnownFamily): readonly FamilySampler[] {
  return samplersFor<KnownFamily['noise']>(family.noise);
}

/** Pipelines of diffusers with the networks of the SDXL line, as model_index.json names them. */
const pipelines = [
  'StableDiffusionXLPipeline',
  'StableDiffusionXLImg2ImgPipeline',
  'StableDiffusionXLInpaintPipeline', // has the same parts; whether its UNet takes a mask shows in its channels
];

/** Whether a pipeline of diffusers has the networks of the SDXL line, by the class named in model_index.json. */
export function isSdxlPipeline(className: string): boolean {
  return pipelines.includes(className);
}

/** The family that a model's files tell. */
export function familyOf(evidence: Evidence): KnownFamily {
  return families.find(({ fits }) => fits(evidence)) ?? sdxl;
}

/** @throws EngineError `invalid_request` when there is no family of this name */
export function familyNamed(name: string): KnownFamily {
  const found = families.find((family) => family.name === name);
  if (found) return found;
  const message = `family must be one of ${familyNames.join(', ')} (got ${JSON.stringify(name)})`;
  throw new EngineError('invalid_request', message, { details: { param: 'family' } });
}

/** How models of a family are sampled, with any of its samplers. */
export interface FamilySampling {
  /** The model's own sampler. */
  readonly sampler: FamilySampler;
  with(sampler: FamilySampler): SamplingConfig;
  /** What a run of so many steps goes through. */
  steps(count: number, sampler: FamilySampler): Steps;
}

/**
 * How a model of a family is sampled, by its scheduler_config.json. With another sampler than its own, absent keys have that one's defaults,
 * as in the reference.
 *
 * @throws EngineError `model_unsupported`, `model_config_invalid`
 */
export function familySampling(family: KnownFamily, config: JsonConfig): FamilySampling {
  const className = config.string('_class_name', family.scheduler._class_name);
  const sampler = samplersOf(family).find((name) => name === samplerOfClass(className));
  if (sampler === undefined) {
    const known = samplersOf(family).map((name) => samplers[name].className);
    throw unsupportedValue(config.file, '_class_name', className, known, otherSampler[family.noise]);
  }
  const { eta, timesteps }: Family = family;
  const configs = new Map(
    samplersOf(family).map((name) => {
      const own = parseSamplingConfig(config.with({ _class_name: samplers[name].className }));
      return [name, eta === undefined || name !== 'tcd' ? own : { ...own, solver: { ...own.solver, eta } }] as const;
    }),
  );
  const own = parseSamplingConfig(config.with({ _class_name: className }));
  return {
    sampler,
    with: (name) => configs.get(name) ?? own,
    steps: (count, name) => {
      const given = timesteps?.(count, name);
      return given === undefined ? count : { timesteps: given };
    },
  };
}

const otherSampler = {
  edm: 'this model has latent statistics, so it was trained with EDM: write one of these there, or give a model trained with EDM, such as Playground v2.5',
  discrete: 'write one of these there: the network does not depend on the sampler',
} as const;
