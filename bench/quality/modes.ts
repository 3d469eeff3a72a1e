import { type Acceleration, type LoadOptions, profiles } from '../../packages/engine/src/index.ts';

/** A way to draw that is compared with the exact one. */
export interface Mode {
  readonly name: string;
  readonly precision?: NonNullable<LoadOptions['precision']>;
  readonly acceleration?: Acceleration;
  /** For comparison: what fewer steps would save and cost. */
  readonly steps?: number;
}

const fewer = profiles.fast.acceleration ?? {};
/** What would be less exact and faster. */
const stronger: Acceleration = { reuseThreshold: 0.1, cacheInterval: 3, cacheBranch: 3 };
const fewest: Acceleration = { ...fewer, ...stronger };

export const modes: readonly Mode[] = [
  { name: 'int8', precision: 'int8' },
  { name: 'fast', acceleration: fewer, precision: 'int8' },
  { name: 'int8 in the UNet', precision: { unet: 'int8' } },
  { name: 'int8 in the text encoders', precision: { text_encoder: 'int8', text_encoder_2: 'int8' } },
  { name: 'int8 in the VAE', precision: { vae: 'int8' } },
  { name: "fast's passes in float32", acceleration: fewer },
  {
    name: 'fast with reuseThreshold: 0.1, cacheInterval: 3',
    acceleration: { ...fewer, reuseThreshold: 0.1, cacheInterval: 3 },
    precision: 'int8',
  },
  { name: `fast with ${nameOf(stronger)}`, acceleration: fewest, precision: 'int8' },
  { name: 'the same in float32', acceleration: fewest },
  ...one({ guidanceSigmaMax: 20 }),
  ...one({ guidanceUntil: 0.8 }),
  ...one({ reuseThreshold: 0.05 }),
  ...one({ cacheInterval: 2 }),
  ...one({ crossAttentionUntil: 0.6 }),
  { name: '15 steps', steps: 15 },
  { name: '10 steps', steps: 10 },
];

function one(acceleration: Acceleration): readonly Mode[] {
  return [{ name: nameOf(acceleration), acceleration }];
}

/** The options as the docs write them. */
export function nameOf(options: object): string {
  return Object.entries(options)
    .map(([option, value]) => `${option}: ${value}`)
    .join(', ');
}
