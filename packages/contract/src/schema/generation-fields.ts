import { Type } from 'typebox';
import { defaults, imageFormats, limits, longestPrompt, schedulers, sideStep } from '../limits.ts';
import { aspectRatios } from '../picture/aspect-ratios.ts';
import { choice, integerIn, nullable, numberIn, textOf } from './define.ts';
import { patterns } from './patterns.ts';

/** The fields that describe a picture, the same on every surface that has them. */
export const prompt = textOf(
  { min: 1, max: longestPrompt },
  {
    description: 'What the picture shows. The model reads the first 75 tokens',
    examples: ['a red apple on a blue background'],
  },
);

export const negativePrompt = nullable(Type.String({ maxLength: longestPrompt, pattern: patterns.text.source }), {
  description:
    'What the picture should not show. Absent, null, "None" and "NONE" mean no negative prompt; the empty string is ' +
    'encoded like any other text and makes another picture',
  default: null,
  examples: ['blurry, low quality', null],
});

export const prompt2 = textOf(
  { min: 0, max: longestPrompt },
  {
    description: 'Goes to the second text encoder instead of `prompt`',
    examples: ['flat colours, thick outlines'],
  },
);

export const samples = integerIn(limits.samples, {
  description: 'The number of pictures; affects the price',
  default: defaults.samples,
  examples: [1, 4],
});

export const segmindSteps = integerIn(limits.segmindSteps, {
  description: 'The number of denoising steps; affects the price',
  default: defaults.steps,
  examples: [25, 50],
});

export const steps = integerIn(limits.steps, {
  description: 'The number of denoising steps; affects the price',
  default: defaults.steps,
  examples: [25, 50],
});

export const guidanceScale = numberIn(limits.guidanceScale, {
  description: 'How strictly the picture follows the prompt; at 1 there is no guidance and no negative prompt',
  default: defaults.guidanceScale,
  examples: [3, 7.5],
});

export const guidanceRescale = numberIn(limits.guidanceRescale, {
  description: 'Takes back over-exposure from strong guidance (arXiv:2305.08891, section 3.4); 0 does nothing',
  default: defaults.guidanceRescale,
  examples: [0, 0.7],
});

export const seed = integerIn(limits.seed, {
  description: 'The same seed makes the same picture; -1 draws a random one. Sample k has seed + k',
  default: defaults.seed,
  examples: [-1, 42],
});

export const base64 = Type.Boolean({
  description: 'True: the pictures as base64 in JSON. False: the bytes of the picture itself',
  default: defaults.base64,
  examples: [true, false],
});

function side(name: 'width' | 'height') {
  return Type.Integer({
    minimum: limits.side.min,
    maximum: limits.side.max,
    multipleOf: sideStep,
    description: `The picture's ${name} in pixels. Default: the model's native size. Models may allow less (GET /api/models)`,
    examples: [1024],
  });
}

function sideAlias(name: 'width' | 'height') {
  return Type.Integer({
    minimum: limits.side.min,
    maximum: limits.side.max,
    multipleOf: sideStep,
    description: `Another name of \`img_${name}\`; when both are given they must be equal`,
    examples: [1024],
  });
}

export const imgWidth = side('width');
export const imgHeight = side('height');
export const widthAlias = sideAlias('width');
export const heightAlias = sideAlias('height');

export const aspectRatio = choice(aspectRatios, {
  description: "The picture's shape, instead of its sides: the nearest size that the model was trained on",
  examples: ['16:9'],
});

export const image = Type.String({
  minLength: 1,
  description:
    'Start from this picture: base64, a data URL, an uploaded file (multipart/form-data) or the URL of a picture made here',
  examples: ['data:image/jpeg;base64,/9j/4AAQSkZJRgABAQ=='],
});

export const strength = numberIn(limits.strength, {
  description: 'With `image`: 0 keeps the picture, 1 forgets it',
  default: defaults.strength,
  examples: [0.6],
});

export const scheduler = choice(schedulers, {
  description: 'The sampler: DPM-Solver++ 2M or Euler, both in the formulation of EDM',
  default: defaults.scheduler,
  examples: ['edm_dpmpp_2m'],
});

export const imageFormat = choice(imageFormats, {
  description: 'The file format of the pictures',
  default: defaults.imageFormat,
  examples: ['jpeg'],
});

export const quality = integerIn(limits.quality, {
  description: 'Of JPEG and WebP files; a PNG is always exact',
  default: defaults.quality,
  examples: [95],
});

export const model = Type.String({
  pattern: patterns.slug.source,
  description: "The model's name. Default: the server's default model",
  examples: ['playground-v2.5'],
});
