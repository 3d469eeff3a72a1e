import { Check } from 'typebox/schema';
import { expect, test } from 'vitest';
import { explainInvalid } from '../explain/explain-invalid.ts';
import { withoutNulls } from '../from-text.ts';
import { openaiImagesRequestSchema } from './schemas.ts';

const prompt = 'a red apple';

test('the fields that have no effect may be anything', () => {
  const body = {
    prompt,
    quality: 'hd',
    background: 'transparent',
    moderation: 'low',
    style: 'vivid',
    user: 'u',
    more: 1,
  };
  expect(Check(openaiImagesRequestSchema, body)).toBe(true);
});

test.each([
  ['n', [1, 4], [0, 5, '1']],
  ['size', ['auto', '1024x1024', '512x768'], ['', 'large', '1024', '1024X1024', 1024]],
  ['response_format', ['b64_json', 'url'], ['b64', '']],
  ['output_format', ['png', 'jpeg', 'webp'], ['jpg', 'gif']],
  ['output_compression', [0, 100], [-1, 101]],
  ['partial_images', [0, 3], [-1, 4]],
  ['stream', [true, false], ['true', 1]],
  ['seed', [-1, 0, 999_999_999_999_999], [-2, 1e15]],
  ['num_inference_steps', [1, 20, 100], [0, 101]],
  ['guidance_scale', [0, 1, 25], [-0.5, 25.5]],
])('%s: %j are accepted, %j are refused by name', (field, good, bad) => {
  for (const value of good)
    expect(explainInvalid(openaiImagesRequestSchema, { prompt, [field]: value })).toBeUndefined();
  for (const value of bad)
    expect(explainInvalid(openaiImagesRequestSchema, { prompt, [field]: value })?.param).toBe(field);
});

test('a size that is none is answered with what one looks like', () => {
  expect(explainInvalid(openaiImagesRequestSchema, { prompt, size: 'large' })?.message).toBe(
    'size must be "auto" or a size such as "1024x1024" (got "large")',
  );
});

test('null means absent, for every field but the prompt', () => {
  const nulls = Object.fromEntries(Object.keys(openaiImagesRequestSchema.properties).map((name) => [name, null]));
  const schema = openaiImagesRequestSchema;
  expect(Check(schema, withoutNulls(schema, { ...nulls, prompt }))).toBe(true);
  expect(explainInvalid(schema, withoutNulls(schema, { ...nulls }))?.param).toBe('prompt');
});
