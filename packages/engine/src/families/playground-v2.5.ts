import type { Family } from './family.ts';
import type { SdxlConfigs } from './sdxl-architecture.ts';

/** Its own latent statistics and widths distinguish it from its relatives. */
const LATENT_MEAN = [-1.6574, 1.886, -1.383, 2.5155];
const FULL_WIDTHS = [320, 640, 1280];

/** Playground v2.5 (Li et al. 2024, arXiv:2402.17245): SDXL's networks, trained with EDM on latents of unit variance. */
export const playgroundV25 = {
  pipelines: [
    'StableDiffusionXLPipeline',
    'StableDiffusionXLImg2ImgPipeline',
    'StableDiffusionXLInpaintPipeline', // has the same parts; a UNet for inpainting is rejected by its channels
  ],
  noise: 'edm',
  scheduler: 'EDMDPMSolverMultistepScheduler',
  // guidance as recommended by the model's authors
  defaults: { steps: 25, guidance: 3, guidanceWith: { edm_euler: 5 } },
  latents: { mean: 'edm_mean', std: 'edm_std', scalingFactor: 0.5 },
  nameOf: ({ unet, vae }: SdxlConfigs) => {
    const isPlayground = vae.latents.mean.every((value, channel) => Math.abs(value - LATENT_MEAN[channel]) < 1e-3);
    const isFullSize = FULL_WIDTHS.every((width, level) => unet.blockOutChannels[level] === width);
    if (isPlayground && isFullSize) return 'Playground v2.5';
    return 'Playground v2.5 architecture (SDXL UNet, EDM sampling)';
  },
} as const satisfies Family;
