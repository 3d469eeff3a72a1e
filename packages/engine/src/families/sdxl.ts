import type { UNetConfig } from '../components/unet/config.ts';
import { type Evidence, type Family, usualLimits } from './family.ts';
import type { SdxlConfigs } from './sdxl-architecture.ts';

/** The noise that all of them were trained with (Rombach et al. 2022), as in SDXL's own scheduler_config.json. */
export const sdxlNoise = {
  beta_schedule: 'scaled_linear',
  beta_start: 0.00085,
  beta_end: 0.012,
  num_train_timesteps: 1000,
  prediction_type: 'epsilon',
  set_alpha_to_one: false,
  clip_sample: false,
  steps_offset: 1,
} as const;

const leading = { ...sdxlNoise, timestep_spacing: 'leading' } as const;

/** The scale of the latents of SDXL's VAE, where a single file does not say. */
export const SDXL_LATENT_SCALE = 0.13025;

export function schedulerIs({ scheduler }: Evidence, className: string, spacing?: string): boolean {
  if (scheduler?.string('_class_name', '') !== className) return false;
  return spacing === undefined || scheduler.string('timestep_spacing', 'linspace') === spacing;
}

export function isCalled({ names }: Evidence, pattern: RegExp): boolean {
  return names.some((name) => pattern.test(name));
}

/** The depths of all transformers on the way down and up, level by level, and the middle's: `0,0|2,2|4,4 / 4,4,10|2,1,1|0,0,0 / 0`. */
function structureOf({ levels, middle }: UNetConfig): string {
  const down = levels.map((level) => level.down.join(',')).join('|');
  const up = levels
    .map((level) => level.up.join(','))
    .toReversed()
    .join('|');
  return `${down} / ${up} / ${middle.depth}`;
}

const structures = {
  '0,0|2,2|10,10 / 10,10,10|2,2,2|0,0,0 / 10': 'SDXL',
  '0,0|2,2|4,4 / 4,4,10|2,1,1|0,0,0 / 0': 'SSD-1B',
  '0,0|1,1|2,2 / 2,2,2|1,1,1|0,0,0 / 0': 'Segmind-Vega',
  '0|2|5 / 5,5|2,2|0,0 / 0': 'KOALA-700M',
  '0|2|6 / 6,6|2,2|0,0 / 6': 'KOALA-1B',
} as const;

/** The known model that has these blocks, whatever their widths; undefined: none. */
export function structureName(unet: UNetConfig): (typeof structures)[keyof typeof structures] | undefined {
  const structure = structureOf(unet);
  return Object.entries(structures).find(([known]) => known === structure)?.[1];
}

/** Says how a model is sampled, and of what structure it is where that is not SDXL's own. */
export function titled(title: string): (configs: SdxlConfigs) => string {
  return ({ unet }) => {
    const structure = structureName(unet) ?? 'another structure';
    return structure === 'SDXL' ? title : `${title} (${structure})`;
  };
}

/** Stable Diffusion XL 1.0 (Podell et al. 2023, arXiv:2307.01952) and what was trained from it. */
export const sdxl = {
  name: 'sdxl',
  fits: () => true,
  noise: 'discrete',
  scheduler: { ...leading, _class_name: 'EulerDiscreteScheduler' },
  defaults: { steps: 25, guidance: 5 },
  limits: usualLimits,
  nameOf: titled('Stable Diffusion XL'),
} as const satisfies Family;

/** Playground v2 (1024 px, aesthetic): nothing but its sampler and the guidance of its authors tells it from SDXL. */
export const playgroundV2 = {
  name: 'playground-v2',
  fits: (evidence) =>
    schedulerIs(evidence, 'EulerAncestralDiscreteScheduler', 'leading') && isCalled(evidence, /playground/i),
  noise: 'discrete',
  scheduler: { ...leading, _class_name: 'EulerAncestralDiscreteScheduler' },
  defaults: { steps: 50, guidance: 3 },
  limits: usualLimits,
  nameOf: titled('Playground v2'),
} as const satisfies Family;

/** SSD-1B (Gupta et al. 2024, arXiv:2401.02677): SDXL without its middle and with fewer transformers. */
export const ssd1b = {
  ...sdxl,
  name: 'ssd-1b',
  fits: ({ unet }) => structureName(unet) === 'SSD-1B',
  defaults: { steps: 25, guidance: 9 },
  nameOf: () => 'SSD-1B',
} as const satisfies Family;

/** Segmind-Vega (ibid.). */
export const vega = {
  ...ssd1b,
  name: 'segmind-vega',
  fits: ({ unet }) => structureName(unet) === 'Segmind-Vega',
  nameOf: () => 'Segmind-Vega',
} as const satisfies Family;

/** KOALA-Lightning (Lee et al. 2023, arXiv:2312.04005): pruned, and trained for ten steps. */
export const koalaLightning = {
  name: 'koala-lightning',
  fits: (evidence) => schedulerIs(evidence, 'EulerDiscreteScheduler', 'trailing') && evidence.unet.layersPerBlock === 1,
  noise: 'discrete',
  scheduler: { ...sdxlNoise, timestep_spacing: 'trailing', _class_name: 'EulerDiscreteScheduler' },
  defaults: { steps: 10, guidance: 3.5 },
  limits: usualLimits,
  nameOf: titled('KOALA-Lightning'),
} as const satisfies Family;
