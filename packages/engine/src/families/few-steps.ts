import { type Evidence, type Family, usualLimits } from './family.ts';
import { isCalled, schedulerIs, sdxlNoise, titled } from './sdxl.ts';

// Networks distilled to a few steps. They are sampled without guidance: the scale 1 or less is one pass of the network a step.

const trailing = { ...sdxlNoise, timestep_spacing: 'trailing' } as const;
const consistency = { ...sdxlNoise, timestep_spacing: 'leading', original_inference_steps: 50 } as const;

/** v-prediction with trailing timesteps is what ordinary models with zero terminal SNR have (Lin et al. 2024, arXiv:2305.08891). */
function isTrailing(evidence: Evidence, className: string, prediction: 'epsilon' | 'sample' = 'epsilon'): boolean {
  const predicted = evidence.scheduler?.string('prediction_type', 'epsilon');
  return schedulerIs(evidence, className, 'trailing') && predicted === prediction;
}

/** SDXL-Turbo (Sauer et al. 2023, arXiv:2311.17042). */
export const sdxlTurbo = {
  name: 'sdxl-turbo',
  fits: (evidence) => isTrailing(evidence, 'EulerAncestralDiscreteScheduler'),
  noise: 'discrete',
  scheduler: { ...trailing, _class_name: 'EulerAncestralDiscreteScheduler' },
  defaults: { steps: 4, guidance: 0, side: 512 },
  limits: usualLimits,
  nameOf: titled('SDXL-Turbo'),
} as const satisfies Family;

/** SDXL-Lightning of 2, 4 or 8 steps (Lin et al. 2024, arXiv:2402.13929), to be sampled in as many as it was distilled for. */
export const lightning = {
  name: 'sdxl-lightning',
  fits: (evidence) => isTrailing(evidence, 'EulerDiscreteScheduler'),
  noise: 'discrete',
  scheduler: { ...trailing, _class_name: 'EulerDiscreteScheduler' },
  defaults: { steps: 4, guidance: 0 },
  limits: usualLimits,
  nameOf: titled('SDXL-Lightning'),
} as const satisfies Family;

/** The form of one step (ibid.): it predicts the clean latents. */
export const lightning1Step = {
  ...lightning,
  name: 'sdxl-lightning-1-step',
  fits: (evidence) => isTrailing(evidence, 'EulerDiscreteScheduler', 'sample'),
  scheduler: { ...lightning.scheduler, prediction_type: 'sample' },
  defaults: { steps: 1, guidance: 0 },
  nameOf: titled('SDXL-Lightning, 1 step'),
} as const satisfies Family;

/** As many as a consistency model was distilled from. */
const consistencyLimits = { ...usualLimits, steps: { min: 1, max: consistency.original_inference_steps } } as const;

/** Latent consistency models (Luo et al. 2023, arXiv:2310.04378): whole UNets, which take the guidance scale as an input, and merged adapters. */
export const lcm = {
  name: 'lcm',
  fits: (evidence) => evidence.unet.guidanceEmbedDim !== undefined || schedulerIs(evidence, 'LCMScheduler'),
  noise: 'discrete',
  scheduler: { ...consistency, _class_name: 'LCMScheduler' },
  defaults: { steps: 4, guidance: 1 },
  limits: consistencyLimits,
  nameOf: titled('LCM'),
} as const satisfies Family;

/** A whole UNet of `lcm`: what it was distilled with is the guidance that suits it. */
export const lcmUnet = {
  ...lcm,
  name: 'lcm-unet',
  fits: ({ unet }) => unet.guidanceEmbedDim !== undefined,
  defaults: { steps: 4, guidance: 8 },
} as const satisfies Family;

/** DMD2 (Yin et al. 2024, arXiv:2405.14867): sampled as a consistency model, at timesteps of its own. */
export const dmd2 = {
  ...lcm,
  name: 'dmd2',
  fits: (evidence) => schedulerIs(evidence, 'LCMScheduler') && isCalled(evidence, /dmd/i),
  timesteps: (steps, sampler) => {
    if (sampler !== 'lcm') return undefined;
    return steps === 1 ? [399] : Array.from({ length: steps }, (_, i) => Math.round(1000 - (i * 1000) / steps) - 1);
  },
  defaults: { steps: 4, guidance: 0 },
  nameOf: titled('DMD2'),
} as const satisfies Family;

/** Hyper-SD of 2, 4 or 8 steps (Ren et al. 2024, arXiv:2404.13686), merged. */
export const hyperSd = {
  name: 'hyper-sd',
  fits: (evidence) => isTrailing(evidence, 'DDIMScheduler'),
  noise: 'discrete',
  scheduler: { ...trailing, _class_name: 'DDIMScheduler' },
  defaults: { steps: 4, guidance: 0 },
  limits: usualLimits,
  nameOf: titled('Hyper-SD'),
} as const satisfies Family;

/** Its UNet of one step (ibid.). */
export const hyperSd1Step = {
  ...lcm,
  name: 'hyper-sd-1-step',
  fits: (evidence) => schedulerIs(evidence, 'LCMScheduler') && isCalled(evidence, /hyper/i),
  timesteps: (steps, sampler) => (steps === 1 && sampler === 'lcm' ? [800] : undefined),
  defaults: { steps: 1, guidance: 0 },
  nameOf: titled('Hyper-SD, 1 step'),
} as const satisfies Family;

/** Trajectory consistency distillation (Zheng et al. 2024, arXiv:2402.19159), merged. */
export const tcd = {
  name: 'tcd',
  fits: (evidence) => schedulerIs(evidence, 'TCDScheduler'),
  noise: 'discrete',
  scheduler: { ...consistency, _class_name: 'TCDScheduler' },
  defaults: { steps: 4, guidance: 0 },
  limits: consistencyLimits,
  nameOf: titled('TCD'),
} as const satisfies Family;

/** Hyper-SD for any number of steps from 1 to 8: sampled with TCD, all noise replaced. */
export const hyperSdUnified = {
  ...tcd,
  name: 'hyper-sd-unified',
  fits: (evidence) => schedulerIs(evidence, 'TCDScheduler') && isCalled(evidence, /hyper/i),
  eta: 1,
  defaults: { steps: 1, guidance: 0 },
  nameOf: titled('Hyper-SD, unified'),
} as const satisfies Family;
