/** A closed range of numbers. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/** −1 asks for a random seed. */
export const SEED_RANDOM = -1;
export const SEED_MAX = 999_999_999_999_999;

/** What a request may ask for. Models allow less, see `GET /api/models`. */
export const limits = {
  samples: { min: 1, max: 4 },
  steps: { min: 1, max: 100 },
  guidanceScale: { min: 0, max: 25 },
  guidanceRescale: { min: 0, max: 1 },
  strength: { min: 0, max: 1 },
  seed: { min: SEED_RANDOM, max: SEED_MAX },
  quality: { min: 1, max: 100 },
  /** In pixels, and a multiple of `SIDE_STEP`; what the engine can do at all. */
  side: { min: 64, max: 2048 },
  loras: { min: 0, max: 8 },
  variationStrength: { min: 0, max: 1 },
  loraWeight: { min: -4, max: 4 },
  priority: { min: -10, max: 10 },
  outputCompression: { min: 0, max: 100 },
  partialImages: { min: 0, max: 3 },
  pageLength: { min: 1, max: 100 },
  /** Credits in one grant or budget: doubles hold every such amount to the micro-credit. */
  credits: { min: 0, max: 999_999_999 },
  /** The day of a month on which accounts are refilled. */
  refillDay: { min: 1, max: 31 },
  /** Jobs of one account that run at the same time. */
  concurrent: { min: 1, max: 64 },
  /** Jobs of one account that wait. */
  queued: { min: 1, max: 1_000_000 },
  /** That an account can save. */
  styles: { min: 0, max: 200 },
  /** That an account can have. */
  collections: { min: 0, max: 500 },
  collectionName: { min: 1, max: 100 },
  /** In one collection. */
  collectedPictures: { min: 0, max: 10_000 },
  /** That one request adds to a collection, or makes a ZIP file of. */
  picturesAtOnce: { min: 1, max: 1000 },
  requestsPerMinute: { min: 1, max: 100_000 },
} as const satisfies Record<string, Range>;

/** The largest picture that `upscale` makes, as the engine has it: of each side, and of all its pixels. */
export const upscaledLimits = { side: 8192, pixels: 16 * 2 ** 20 } as const;

/** What Playground v2.5 and models of its family allow, on every surface and on Segmind's, whose own model it is. */
export const playgroundLimits = {
  guidanceScale: { min: 1, max: 25 },
  segmindSteps: { min: 20, max: 100 },
} as const satisfies Record<string, Range>;

/** One latent pixel is eight image pixels. */
export const SIDE_STEP = 8;

/**
 * In Unicode code points, so at most twice as many UTF-16 units, which is the engine's own limit. The text encoders read
 * 75 tokens of it.
 */
export const MAX_PROMPT_LENGTH = 10_000;

/** What is taken where a request is silent. The size is the model's native one. */
export const defaults = {
  samples: 1,
  steps: 25,
  guidanceScale: 3,
  guidanceRescale: 0,
  seed: SEED_RANDOM,
  variationStrength: 0,
  base64: true,
  strength: 0.6,
  /** With a mask: what is repainted starts from noise alone. */
  maskedStrength: 1,
  /** With `upscale`, of a picture to start from: how much of its tiles is changed. After a network nothing is. */
  upscaledStrength: 0.2,
  scheduler: 'edm_dpmpp_2m',
  profile: 'exact',
  imageFormat: 'jpeg',
  quality: 95,
  priority: 0,
  pageLength: 30,
} as const;

export const keyScopes = ['generate', 'read', 'admin'] as const;
export type KeyScope = (typeof keyScopes)[number];

/** What an endpoint of webhooks can be told of. */
export const webhookEvents = ['job.succeeded', 'job.failed', 'job.cancelled'] as const;
export type WebhookEvent = (typeof webhookEvents)[number];

/** How far a delivery is. */
export const webhookStates = ['pending', 'delivered', 'failed'] as const;
export type WebhookState = (typeof webhookStates)[number];
/** How an account is refilled: the amount is added, or the balance, with what is held, is raised to it. */
export const refillModes = ['add', 'top_up'] as const;
export type RefillMode = (typeof refillModes)[number];

/** What an administrator's usage report can be by. */
export const usageDimensions = ['account', 'key', 'day', 'model'] as const;
export type UsageDimension = (typeof usageDimensions)[number];

export const imageFormats = ['jpeg', 'png', 'webp'] as const;
export type ImageFormat = (typeof imageFormats)[number];

/** How a model trades speed for exactness, as the engine has them. */
export const profileNames = ['exact', 'int8', 'fast'] as const;
export type Profile = (typeof profileNames)[number];

/** How a model is sampled, and what it allows, as the engine has them: docs/models.md. */
export const familyNames = [
  'playground-v2.5',
  'lcm-unet',
  'dmd2',
  'hyper-sd-1-step',
  'lcm',
  'hyper-sd-unified',
  'tcd',
  'ssd-1b',
  'segmind-vega',
  'koala-lightning',
  'playground-v2',
  'sdxl-turbo',
  'sdxl-lightning-1-step',
  'sdxl-lightning',
  'hyper-sd',
  'sdxl',
] as const;
export type FamilyName = (typeof familyNames)[number];

/** What a model can run on, as the engine has them. */
export const deviceNames = ['cpu', 'webgpu', 'cuda', 'directml', 'coreml'] as const;
export type DeviceName = (typeof deviceNames)[number];

/** For people. */
export const deviceTitles: Readonly<Record<DeviceName, string>> = {
  cpu: 'CPU',
  webgpu: 'WebGPU',
  cuda: 'CUDA',
  directml: 'DirectML',
  coreml: 'CoreML',
};

/** The types of numbers in which a device computes, as the engine has them. */
export const arithmeticNames = ['float32', 'float16'] as const;
export type ArithmeticName = (typeof arithmeticNames)[number];

export function isWithin(value: number, { min, max }: Range): boolean {
  return value >= min && value <= max;
}
