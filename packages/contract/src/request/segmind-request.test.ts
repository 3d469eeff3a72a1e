import { Compile } from 'typebox/schema';
import { expect, test } from 'vitest';
import { explainInvalid } from '../explain/explain-invalid.ts';
import { segmindRequestSchema } from './schemas.ts';

const validator = Compile(segmindRequestSchema);
const prompt = 'a red apple';

/** Both of typebox's validators, which must agree. */
function isValid(body: unknown): boolean {
  const valid = validator.Check(body);
  expect(explainInvalid(segmindRequestSchema, body) === undefined).toBe(valid);
  return valid;
}

test('a prompt is enough', () => {
  expect(isValid({ prompt })).toBe(true);
});

const accepted: Readonly<Record<string, readonly unknown[]>> = {
  prompt: ['a', ' ', 'None', '東京 👩‍🚀', 'x'.repeat(10_000)],
  negative_prompt: ['', 'None', 'NONE', null, 'blurry'],
  prompt_weighting: [true, false],
  long_prompts: [true, false],
  lora_tags: [true, false],
  style: ['watercolour', 'my-own-2'],
  samples: [1, 2, 4],
  num_inference_steps: [1, 20, 25, 100],
  guidance_scale: [0, 1, 3, 7.5, 25],
  seed: [-1, 0, 42, 999_999_999_999_999],
  variation_strength: [0, 0.15, 1],
  variation_seed: [-1, 0, 43],
  base64: [true, false],
  img_width: [64, 512, 1024, 1536, 2048],
  img_height: [64, 512, 1024, 1536, 2048],
  width: [512],
  height: [512],
  image: ['/9j/4AAQ', 'https://images.example.org/a.jpg'],
  mask: ['/9j/4AAQ'],
  mask_padding: [0, 32, 1024],
  mask_blur: [0, 4.5, 64],
  upscale: [2, 4],
  upscaler: ['model', 'network'],
  strength: [0, 0.6, 1],
  aspect_ratio: ['1:1', '4:3', '3:4', '3:2', '2:3', '16:9', '9:16', '21:9', '9:21'],
  scheduler: ['edm_dpmpp_2m', 'edm_euler', 'euler_ancestral', 'lcm'],
  profile: ['exact', 'int8', 'fast'],
  loras: [[], [{ name: 'ink' }], Array.from({ length: 8 }, () => ({ name: 'ink, thin', weight: -4 }))],
  image_format: ['jpeg', 'png', 'webp'],
  quality: [1, 95, 100],
};

const refused: Readonly<Record<string, readonly unknown[]>> = {
  prompt: ['', null, 7, undefined, ['a'], 'a\u0000b', 'x'.repeat(10_001)],
  negative_prompt: [7, false, 'a\u0000b'],
  prompt_weighting: ['true', 1, null],
  long_prompts: ['true', 1, null],
  lora_tags: ['true', 1, null],
  style: ['', 'Two Words', '-a', 'x'.repeat(41), null, 7],
  samples: [0, 5, 1.5, '1', null],
  num_inference_steps: [0, 101, 25.5, '25', null],
  guidance_scale: [-0.01, 25.01, '3', null, Number.POSITIVE_INFINITY],
  seed: [-2, 1_000_000_000_000_000, 0.5, '1', null],
  variation_strength: [-0.01, 1.01, '0.5', null],
  variation_seed: [-2, 0.5, '1', null],
  base64: [0, 1, 'true', null],
  img_width: [56, 1020, 2056, 512.5, '512', null],
  img_height: [56, 1020, 2056, 512.5, '512', null],
  width: [56, 1020],
  height: [2056, 'x'],
  image: ['', 5, null],
  mask: ['', 5, null],
  mask_padding: [-1, 1025, 0.5, '32'],
  mask_blur: [-1, 65, '4'],
  upscale: [0, 1, 3, 8, 2.5, '2', null],
  upscaler: ['', 'esrgan', 4, null],
  strength: [-0.01, 1.01, '0.5'],
  aspect_ratio: ['5:4', '', '1024x1024', null],
  scheduler: ['Euler', null],
  profile: ['Exact', '', 'turbo', 8, null],
  loras: ['ink', {}, 5, Array.from({ length: 9 }, () => ({ name: 'ink' }))],
  image_format: ['jpg', 'gif', 'JPEG'],
  quality: [0, 101, 95.5],
};

const rows = (table: typeof accepted) =>
  Object.entries(table).flatMap(([field, values]) => values.map((value) => [field, value] as const));

test.each(rows(accepted))('%s may be %j', (field, value) => {
  expect(isValid({ prompt, [field]: value })).toBe(true);
});

test.each(rows(refused))('%s may not be %j, and the message names it', (field, value) => {
  expect(isValid({ prompt, [field]: value })).toBe(false);
  const fault = explainInvalid(segmindRequestSchema, { prompt, [field]: value });
  expect(fault?.param).toBe(field);
  expect(fault?.message.startsWith(`${field} `)).toBe(true);
});

test.each([
  [{ name: '../ink' }],
  [{ name: '' }],
  [{ name: 'C:ink' }],
  [{ name: 'ink', weight: 4.5 }],
  [{ name: 'ink', weight: '1' }],
  [{ weight: 1 }],
  [{ name: 'ink', file: '/ink' }],
  ['ink'],
])('loras may not be [%j]', (lora) => {
  expect(isValid({ prompt, loras: [lora] })).toBe(false);
  expect(explainInvalid(segmindRequestSchema, { prompt, loras: [lora] })?.message).toMatch(/loras/);
});

test('both tables have every field of the request', () => {
  const fields = Object.keys(segmindRequestSchema.properties);
  expect(Object.keys(accepted).sort()).toEqual(fields.sort());
  expect(Object.keys(refused).sort()).toEqual(fields.sort());
});

test('width and img_width may be the same and may not differ', () => {
  expect(isValid({ prompt, width: 512, img_width: 512 })).toBe(true);
  expect(isValid({ prompt, width: 512, img_width: 1024 })).toBe(false);
  expect(explainInvalid(segmindRequestSchema, { prompt, width: 512, img_width: 1024 })).toEqual({
    param: 'width',
    message: 'width is another name of img_width: give one (got 512 and 1024)',
  });
});

test('a ratio and a side are refused together', () => {
  const fault = explainInvalid(segmindRequestSchema, { prompt, aspect_ratio: '16:9', img_width: 512 });
  expect(fault?.param).toBe('aspect_ratio');
});

test.each([null, [], 'prompt', 7, undefined])('a body must be an object, not %j', (body) => {
  expect(isValid(body)).toBe(false);
  expect(explainInvalid(segmindRequestSchema, body)?.message).toMatch(/^the body must be a JSON object/);
});
