import type { DiscreteTraits } from '../schedules/discrete.ts';
import type { EdmTraits } from '../schedules/edm.ts';
import { sampleDpmSolverMultistep, sampleUniPc } from './multistep.ts';
import { sampleDdim, sampleEuler, sampleEulerAncestral, sampleHeun, sampleLcm, sampleTcd } from './one-step.ts';
import type { Sampler } from './sampler.ts';

export interface SamplerEntry {
  /** Its name in scheduler_config.json. */
  readonly className: string;
  readonly run: Sampler;
  /** The noise it is for, and how the reference spaces its levels. */
  readonly traits: EdmTraits | DiscreteTraits;
  /** Defaults of its class in scheduler_config.json that differ from the others'. */
  readonly defaults?: Readonly<Record<string, unknown>>;
}

const latent = { beta_start: 0.00085, beta_end: 0.012 };
const distilled = { ...latent, beta_schedule: 'scaled_linear', timestep_spacing: 'leading' };

/** Every sampler by name. Lists of names, class names and the samplers of a family are derived from this table. */
export const samplers = {
  edm_dpmpp_2m: {
    className: 'EDMDPMSolverMultistepScheduler',
    run: sampleDpmSolverMultistep,
    traits: { kind: 'edm', arithmetic: 'float32' },
  },
  edm_euler: { className: 'EDMEulerScheduler', run: sampleEuler, traits: { kind: 'edm', arithmetic: 'double' } },
  euler: {
    className: 'EulerDiscreteScheduler',
    run: sampleEuler,
    traits: { kind: 'discrete', timesteps: 'fractional', state: 'x0+noise', end: 'final_sigmas_type' },
  },
  euler_ancestral: {
    className: 'EulerAncestralDiscreteScheduler',
    run: sampleEulerAncestral,
    traits: { kind: 'discrete', timesteps: 'fractional', state: 'x0+noise', end: 'zero' },
  },
  heun: {
    className: 'HeunDiscreteScheduler',
    run: sampleHeun,
    traits: { kind: 'discrete', timesteps: 'fractional', state: 'x0+noise', end: 'zero' },
    defaults: latent,
  },
  ddim: {
    className: 'DDIMScheduler',
    run: sampleDdim,
    traits: { kind: 'discrete', timesteps: 'whole', state: 'network', end: 'set_alpha_to_one' },
    defaults: { timestep_spacing: 'leading', clip_sample: true },
  },
  dpmpp_2m: {
    className: 'DPMSolverMultistepScheduler',
    run: sampleDpmSolverMultistep,
    traits: { kind: 'discrete', timesteps: 'inner', state: 'network', end: 'final_sigmas_type' },
  },
  unipc: {
    className: 'UniPCMultistepScheduler',
    run: sampleUniPc,
    traits: {
      kind: 'discrete',
      timesteps: 'inner',
      state: 'network',
      end: 'final_sigmas_type',
      bySigmaThroughout: true,
    },
  },
  lcm: {
    className: 'LCMScheduler',
    run: sampleLcm,
    traits: { kind: 'discrete', timesteps: 'distilled', state: 'network', end: 'zero' },
    defaults: distilled,
  },
  tcd: {
    className: 'TCDScheduler',
    run: sampleTcd,
    traits: { kind: 'discrete', timesteps: 'distilled', state: 'network', end: 'lowest' },
    defaults: distilled,
  },
} as const satisfies Record<string, SamplerEntry>;

export type SamplerName = keyof typeof samplers;
/** The samplers for one kind of noise. */
export type SamplerFor<Kind extends 'edm' | 'discrete'> = {
  [Name in SamplerName]: (typeof samplers)[Name]['traits']['kind'] extends Kind ? Name : never;
}[SamplerName];

export function samplerEntry(name: SamplerName): SamplerEntry {
  return samplers[name];
}

/** The sampler for a class in scheduler_config.json; undefined: none of these. */
export function samplerOfClass(className: string): SamplerName | undefined {
  return samplerNames.find((name) => samplers[name].className === className);
}

export function samplersFor<Kind extends 'edm' | 'discrete'>(kind: Kind): SamplerFor<Kind>[] {
  const isFor = (name: SamplerName): name is SamplerFor<Kind> => samplers[name].traits.kind === kind;
  return samplerNames.filter(isFor);
}

const isName = (name: string): name is SamplerName => Object.hasOwn(samplers, name);
const samplerNames = Object.keys(samplers).filter(isName);
