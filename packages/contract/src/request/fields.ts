import {
  arithmeticNames,
  defaults,
  deviceNames,
  deviceTitles,
  limits,
  MAX_PROMPT_LENGTH,
  profileNames,
  SIDE_STEP,
} from '../limits.ts';
import { aspectRatios } from '../picture/aspect-ratios.ts';
import { advancedFields } from './advanced-fields.ts';
import { deliveryFields } from './delivery-fields.ts';
import type { FieldTable } from './field.ts';
import { samplerNames, samplers } from './samplers.ts';
import { variationFields } from './variation-fields.ts';

const jobs = ['api', 'segmind'] as const;
const everywhere = ['api', 'segmind', 'openai'] as const;
const priced = ['api', 'segmind', 'openai', 'price'] as const;
const sized = ['api', 'segmind', 'price'] as const;

const sigmaSchedules = ['karras', 'exponential'] as const;

function side(name: 'width' | 'height') {
  return {
    kind: 'integer',
    about: 'picture',
    words: name,
    range: limits.side,
    multipleOf: SIDE_STEP,
    description: `The picture's ${name} in pixels. Default: the model's native size. Models may allow less (GET /api/models)`,
    examples: [1024],
    ofModel: true,
    engine: true,
    form: { label: name === 'width' ? 'Width' : 'Height', control: 'own' },
  } as const;
}

/**
 * The one description of a request for pictures. Schemas, mappings, error messages, the command line's options, the page's form, the text
 * in a picture's file and the API's description follow from it; so does the order in which they have the fields.
 */
export const pictureFields = {
  prompt: {
    kind: 'text',
    about: 'picture',
    words: 'prompt',
    description: 'What the picture shows. The model reads the first 75 tokens',
    examples: ['a red apple on a blue background'],
    range: { min: 1, max: MAX_PROMPT_LENGTH },
    required: true,
    wire: { name: 'prompt', on: everywhere },
    told: {
      description: 'Null once it is no longer kept (`store: false`)',
      examples: ['a red apple on a blue background'],
      nullable: true,
    },
    engine: true,
    form: { label: 'Prompt', control: 'own' },
  },
  negativePrompt: {
    kind: 'text',
    about: 'picture',
    words: 'negative prompt',
    description:
      'What the picture should not show. Absent, null, "None" and "NONE" mean no negative prompt; the empty string is ' +
      'encoded like any other text and makes another picture',
    examples: ['blurry, low quality', null],
    range: { min: 0, max: MAX_PROMPT_LENGTH },
    nullable: true,
    default: null,
    wire: { name: 'negative_prompt', on: everywhere },
    told: { description: 'Null: none', examples: ['blurry', null], nullable: true },
    engine: true,
    option: {
      flags: '--negative-prompt <text>',
      help: 'what not to draw; "" is encoded too, which is not the same as none',
      group: 'Picture:',
    },
    form: { label: 'Negative prompt', control: 'own', address: 'negative' },
  },
  style: {
    kind: 'text',
    about: 'picture',
    words: 'style',
    description:
      'A style by its name, put around the prompt and added to the negative prompt; GET /api/styles lists them. The job keeps the prompt as it was sent',
    examples: ['watercolour'],
    pattern: 'style',
    wire: { name: 'style', on: jobs },
    told: { description: 'The style, null: none', examples: ['watercolour', null], nullable: true },
    option: {
      flags: '--style <name>',
      help: 'put a style around the prompt; easel style list shows them',
      group: 'Picture:',
    },
    form: { label: 'Style', control: 'own', address: 'style' },
    parameter: { key: 'Style' },
  },
  samples: {
    kind: 'integer',
    about: 'picture',
    words: 'samples',
    description: 'The number of pictures; affects the price',
    examples: [1, 4],
    range: limits.samples,
    default: defaults.samples,
    wire: { name: 'samples', on: priced, openai: { name: 'n', examples: [1] } },
    told: { description: 'The number of pictures', examples: [1], min: 1 },
    engine: true,
    option: { flags: '--samples <n>', help: 'how many pictures', group: 'Picture:', default: defaults.samples },
    form: { label: 'Pictures', control: 'slider', address: 'samples' },
  },
  steps: {
    kind: 'integer',
    about: 'picture',
    words: 'steps',
    description: 'The number of denoising steps; affects the price. Models may allow less (GET /api/models)',
    examples: [25, 50],
    range: limits.steps,
    default: defaults.steps,
    ofModel: true,
    wire: { name: 'num_inference_steps', on: priced },
    told: { description: 'Denoising steps', examples: [25], min: 1 },
    engine: true,
    option: { flags: '--steps <n>', help: 'denoising steps', group: 'Picture:' },
    form: { label: 'Steps', control: 'slider', address: 'steps' },
    parameter: { key: 'Steps', always: true, believable: { min: 1, max: 100_000 } },
  },
  scheduler: {
    kind: 'choice',
    about: 'picture',
    words: 'sampler',
    description: 'The sampler. Which ones a model has depends on the noise it was trained with (GET /api/models)',
    examples: ['edm_dpmpp_2m'],
    choices: samplerNames,
    labels: Object.fromEntries(samplerNames.map((name) => [name, samplers[name].label])),
    default: defaults.scheduler,
    ofModel: true,
    wire: { name: 'scheduler', on: jobs },
    told: { description: 'The sampler', examples: ['edm_dpmpp_2m'] },
    engine: true,
    option: { flags: '--scheduler <name>', help: 'the sampler', group: 'Sampling:' },
    form: { label: 'Scheduler', control: 'select', place: 'more', address: 'scheduler' },
    parameter: {
      key: 'Sampler',
      always: true,
      values: Object.fromEntries(samplerNames.map((name) => [name, samplers[name].inFiles])),
    },
  },
  sigmaSchedule: {
    kind: 'choice',
    about: 'local',
    words: 'schedule',
    choices: sigmaSchedules,
    engine: 'schedulerOverrides',
    option: { flags: '--sigma-schedule <name>', help: 'the noise levels', group: 'Sampling:' },
    parameter: { key: 'Schedule type', usual: 'karras', values: { karras: 'Karras', exponential: 'Exponential' } },
  },
  guidanceScale: {
    kind: 'number',
    about: 'picture',
    words: 'guidance',
    description:
      'How strictly the picture follows the prompt; at 1 and below there is no guidance and no negative prompt. ' +
      'Models may allow less (GET /api/models)',
    examples: [3, 7.5],
    range: limits.guidanceScale,
    default: defaults.guidanceScale,
    ofModel: true,
    wire: { name: 'guidance_scale', on: everywhere },
    told: { description: 'The guidance scale', examples: [3] },
    engine: true,
    option: {
      flags: '--guidance-scale <x>',
      help: 'how strictly the prompt is followed',
      note: 'at 1 and below there is no guidance',
      group: 'Picture:',
    },
    form: { label: 'Guidance', control: 'slider', step: 0.5, address: 'guidance' },
    parameter: { key: 'CFG scale', always: true, believable: { min: 0, max: 1000 } },
  },
  seed: {
    kind: 'integer',
    about: 'picture',
    words: 'seed',
    description:
      'The same seed makes the same picture; -1 draws a random one. Sample k has seed + k, without `variation_strength`',
    examples: [-1, 42],
    range: limits.seed,
    default: defaults.seed,
    wire: { name: 'seed', on: everywhere },
    told: {
      description: 'The seed of the first picture, drawn where -1 was sent',
      examples: [42],
      min: 0,
      max: limits.seed.max,
    },
    option: {
      flags: '--seed <n>',
      help: 'the same seed makes the same picture',
      note: 'sample k has seed + k; -1 picks a random one (the default)',
      group: 'Picture:',
    },
    form: { label: 'Seed', control: 'own', address: 'seed' },
    parameter: { key: 'Seed', own: true },
  },
  ...variationFields,
  width: {
    ...side('width'),
    wire: { name: 'img_width', alias: 'width', within: 'size', on: sized },
    told: { description: 'Width in pixels', examples: [1024], min: 1 },
    option: { flags: '--width <px>', help: 'width in pixels', group: 'Picture:' },
    parameter: { key: 'Size', own: true },
  },
  height: {
    ...side('height'),
    wire: { name: 'img_height', alias: 'height', within: 'size', on: sized },
    told: { description: 'Height in pixels', examples: [1024], min: 1 },
    option: { flags: '--height <px>', help: 'height in pixels', group: 'Picture:' },
  },
  aspectRatio: {
    kind: 'choice',
    about: 'size',
    words: 'shape',
    description: "The picture's shape, instead of its sides: the nearest size that the model was trained on",
    examples: ['16:9'],
    choices: aspectRatios,
    wire: { name: 'aspect_ratio', on: sized },
  },
  size: {
    kind: 'text',
    about: 'size',
    words: 'size',
    description: 'Width and height in pixels, or "auto" for the model\'s native size',
    examples: ['1024x1024', 'auto'],
    pattern: 'sizeOrAuto',
    default: 'auto',
    wire: { name: 'size', on: ['openai'] },
  },
  model: {
    kind: 'text',
    about: 'picture',
    words: 'model',
    description: "The model's name. Default: the server's default model",
    examples: ['playground-v2.5'],
    pattern: 'slug',
    ofModel: true,
    wire: {
      name: 'model',
      on: ['api', 'openai', 'price'],
      openai: {
        pattern: 'any',
        description: "A model's name; absent or one of the configured aliases: the default model",
        examples: ['playground-v2.5', 'gpt-image-1'],
      },
    },
    told: { description: 'The model', examples: ['playground-v2.5'] },
    option: {
      flags: '-m, --model <name|path>',
      help: 'a name, a diffusers folder or a .safetensors file (default: demo)',
      group: 'Model:',
    },
    form: { label: 'Model', control: 'own', place: 'more' },
    parameter: { key: 'Model', own: true },
  },
  profile: {
    kind: 'choice',
    about: 'picture',
    words: 'profile',
    description:
      '`exact`: in float32. `int8`: networks in 8 bits, faster, nearly the same picture. `fast`: in 8 bits and with fewer passes, ' +
      'several times as fast, a similar picture. Affects the price. Models may offer less (GET /api/models)',
    examples: ['int8'],
    choices: profileNames,
    labels: {
      exact: 'Exact: full precision',
      int8: 'int8: faster, nearly the same picture',
      fast: 'Fast: fastest, a similar picture',
    },
    default: defaults.profile,
    ofModel: true,
    wire: { name: 'profile', on: priced },
    told: { description: 'The profile', examples: ['exact'] },
    engine: true,
    option: {
      flags: '--profile <name>',
      help: 'exact: float32; int8: 8-bit networks, faster; fast: int8 with fewer passes',
      group: 'Model:',
    },
    form: { label: 'Profile', control: 'select', place: 'main', address: 'profile' },
    parameter: { key: 'Profile' },
  },
  device: {
    kind: 'choice',
    about: 'local',
    words: 'device',
    choices: deviceNames,
    labels: deviceTitles,
    default: 'cpu',
    parameter: { key: 'Device' },
  },
  arithmetic: {
    kind: 'choice',
    about: 'local',
    words: 'arithmetic',
    choices: arithmeticNames,
    default: 'float32',
    parameter: { key: 'Arithmetic' },
  },
  decoder: {
    kind: 'choice',
    about: 'local',
    words: 'decoder',
    choices: ['vae', 'tiny'],
    default: 'vae',
    parameter: { key: 'VAE Decoder', values: { tiny: 'TAESD' } },
  },
  image: {
    kind: 'picture',
    about: 'picture',
    words: 'start image',
    description:
      'Start from this picture: base64, a data URL, an uploaded file (multipart/form-data) or the URL of a picture made here',
    examples: ['data:image/webp;base64,UklGRiQAAABXRUJQVlA4TBcAAAAvP8APAAfQqGaXpf8BICH8f69F9D/1AwA='],
    wire: { name: 'image', on: jobs },
    option: {
      flags: '--image <file>',
      help: 'the start image (png, jpeg, webp, gif, tiff, avif)',
      group: 'Start image:',
    },
  },
  mask: {
    kind: 'picture',
    about: 'picture',
    words: 'mask',
    description:
      'Inpainting: what of `image` is repainted, in the forms that `image` has; all else stays as it is, pixel by pixel. If anything in it is ' +
      'transparent, what is transparent is repainted; else what is white. It is stretched to the start image',
    examples: ['data:image/webp;base64,UklGRiQAAABXRUJQVlA4TBcAAAAvP8APAAfQ//73v/8BICH8f69F9D/1AwA='],
    only: 'image',
    wire: { name: 'mask', on: jobs },
    option: {
      flags: '--mask <file>',
      help: 'repaint only what is white (or transparent) in this picture; the rest of --image stays as it is',
      group: 'Start image:',
    },
  },
  maskPadding: {
    kind: 'integer',
    about: 'picture',
    words: 'mask padding',
    description:
      'With `mask`: paint only its surroundings, with so many pixels of the start image on each side, at the full size, and put them back into ' +
      'the start image, whose size the picture has. Absent: all of the start image is painted',
    examples: [32],
    range: { min: 0, max: 1024 },
    only: 'mask',
    wire: { name: 'mask_padding', on: jobs },
    told: { description: 'Of inpainting, else null', examples: [32, null], nullable: true },
    option: {
      flags: '--mask-padding <px>',
      help: 'paint only the mask and so much around it, at full size, and put it back; the result has the size of --image',
      group: 'Start image:',
    },
    parameter: { key: 'Masked area padding', believable: { min: 0, max: 1024 } },
  },
  maskBlur: {
    kind: 'number',
    about: 'picture',
    words: 'mask blur',
    description: 'With `mask`: blurs its edge, by so many pixels',
    examples: [4],
    range: { min: 0, max: 64 },
    default: 0,
    only: 'mask',
    wire: { name: 'mask_blur', on: jobs },
    told: { description: 'Of inpainting, else null', examples: [4, null], nullable: true },
    option: { flags: '--mask-blur <px>', help: 'blur the edge of the mask', note: 'default: 0', group: 'Start image:' },
    parameter: { key: 'Mask blur', believable: { min: 0, max: 64 } },
  },
  strength: {
    kind: 'number',
    about: 'picture',
    words: 'strength',
    description:
      'With `image`: 0 keeps the picture, 1 forgets it. Default with `mask`: 1, with `upscale`: 0.2, with `upscale` by a network: 0',
    examples: [0.6],
    range: limits.strength,
    default: defaults.strength,
    only: 'image',
    wire: { name: 'strength', on: jobs },
    told: { description: 'Of image-to-image, else null', examples: [0.6, null], nullable: true },
    option: {
      flags: '--strength <x>',
      help: 'how much the start image is changed',
      note: '0 keeps it, 1 ignores it (default: 0.6, with --mask and --outpaint 1)',
      group: 'Start image:',
    },
    form: { label: 'Strength', control: 'slider', place: 'start', step: 0.05 },
    parameter: { key: 'Denoising strength', believable: limits.strength },
  },
  upscale: {
    kind: 'choice',
    about: 'picture',
    words: 'upscaling',
    description:
      'Enlarges the pictures by so much on both sides, or with `image`, without a mask, that picture as it is, and then has no size of its own. ' +
      'The result has at most 16 megapixels (16,777,216 pixels) and sides of 8192. Affects the price',
    examples: [2, 4],
    choices: [2, 4],
    range: { min: 2, max: 4 },
    multipleOf: 2,
    wire: { name: 'upscale', on: sized },
    told: {
      description: 'By how much the pictures were enlarged; null: not at all',
      examples: [2, null],
      nullable: true,
    },
    engine: true,
    option: { flags: '--upscale <n>', help: 'enlarge the pictures by so much on both sides', group: 'Picture:' },
    parameter: { key: 'Upscale' },
  },
  upscaler: {
    kind: 'choice',
    about: 'picture',
    words: 'upscaler',
    description:
      '`model`: image-to-image in tiles with the same prompt, which adds details. `network`: the ESRGAN-type network of the server, faster and closer ' +
      'to the picture (GET /api/models tells whether there is one). Default: `network` where there is one',
    examples: ['model'],
    choices: ['model', 'network'],
    only: 'upscale',
    wire: { name: 'upscaler', on: jobs },
    told: { description: 'What enlarged the pictures, else null', examples: ['model', null], nullable: true },
    engine: true,
    parameter: { key: 'Upscaler' },
  },
  loras: {
    kind: 'loras',
    about: 'picture',
    words: 'LoRAs',
    description: 'LoRAs of the model (GET /api/models lists them), added together, each with its weight (default: 1)',
    examples: [[{ name: 'watercolour', weight: 0.8 }]],
    range: limits.loras,
    wire: { name: 'loras', on: jobs },
    told: {
      description: 'The LoRAs; null: none',
      examples: [[{ name: 'watercolour', weight: 0.8 }], null],
      nullable: true,
    },
    option: {
      flags: '--lora <name[:weight]>',
      help: `a LoRA by its file or name, and its weight from ${limits.loraWeight.min} to ${limits.loraWeight.max} (default: 1)`,
      note: `for several repeat it, up to ${limits.loras.max} times`,
      group: 'Model:',
    },
    form: { label: 'LoRAs', control: 'own', place: 'more' },
    parameter: { key: 'Lora hashes', own: true },
  },
  ...advancedFields,
  ...deliveryFields,
} as const satisfies FieldTable;

export type PictureFields = typeof pictureFields;
export type FieldName = keyof PictureFields;
