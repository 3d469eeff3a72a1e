import { type Family, usualLimits } from './family.ts';
import type { SdxlConfigs } from './sdxl-architecture.ts';

/** Its own latent statistics and widths distinguish it from its relatives. */
const LATENT_MEAN = [-1.6574, 1.886, -1.383, 2.5155];
const LATENT_STD = [8.4927, 5.9022, 6.5498, 5.2299];
const FULL_WIDTHS = [320, 640, 1280];

/** The tensors of a single file with its latent statistics, and what the latents are scaled to. */
export const edmTensors = { mean: 'edm_mean', std: 'edm_std', scalingFactor: 0.5 } as const;

/** As published, for a single file that lost its own. */
export const playgroundLatents = {
  mean: LATENT_MEAN,
  std: LATENT_STD,
  scalingFactor: edmTensors.scalingFactor,
} as const;

/** Playground v2.5 (Li et al. 2024, arXiv:2402.17245): SDXL's networks, trained with EDM on latents of unit variance. */
export const playgroundV25 = {
  name: 'playground-v2.5',
  fits: ({ scheduler, hasLatentStatistics }) =>
    hasLatentStatistics || (scheduler?.string('_class_name', '').startsWith('EDM') ?? false),
  noise: 'edm',
  scheduler: { _class_name: 'EDMDPMSolverMultistepScheduler' },
  // guidance as recommended by the model's authors
  defaults: { steps: 25, guidance: 3, guidanceWith: { edm_euler: 5 } },
  limits: usualLimits,
  nameOf: ({ unet, vae }: SdxlConfigs) => {
    const isPlayground = vae.latents.mean.every((value, channel) => Math.abs(value - LATENT_MEAN[channel]) < 1e-3);
    const isFullSize = FULL_WIDTHS.every((width, level) => unet.blockOutChannels[level] === width);
    if (isPlayground && isFullSize) return 'Playground v2.5';
    return 'Playground v2.5 architecture (SDXL UNet, EDM sampling)';
  },
} as const satisfies Family;
