import { expect, test } from 'vitest';
import { explainInvalid } from '../explain/explain-invalid.ts';
import { jobCreateSchema, segmindRequestSchema } from './schemas.ts';

const prompt = 'a red apple';

test('it has every field of the synchronous call', () => {
  expect(Object.keys(jobCreateSchema.properties)).toEqual(
    expect.arrayContaining(Object.keys(segmindRequestSchema.properties)),
  );
});

test.each([
  ['num_inference_steps', [1, 19, 100], [0, 101, '25']],
  ['guidance_rescale', [0, 0.7, 1], [-0.1, 1.1]],
  ['priority', [-10, 0, 10], [-11, 11, 0.5]],
  ['preview', [true], ['true', 1]],
  ['store', [false], [0, null]],
  ['prompt_2', ['', 'x'], [null, 'x'.repeat(10_001)]],
  ['model', ['playground-v2.5', 'a'], ['', '../x', 'a/b', '.hidden', 'x'.repeat(101)]],
  ['base64', [true], ['1', 0]],
])('%s: %j are accepted, %j are refused by name', (field, good, bad) => {
  for (const value of good) expect(explainInvalid(jobCreateSchema, { prompt, [field]: value })).toBeUndefined();
  for (const value of bad) expect(explainInvalid(jobCreateSchema, { prompt, [field]: value })?.param).toBe(field);
});

test('a misspelt field is refused and the fields are listed', () => {
  const fault = explainInvalid(jobCreateSchema, { prompt, sample: 2 });
  expect(fault?.param).toBe('sample');
  expect(fault?.message).toMatch(/^"sample" is not a field here; the fields are prompt, .*samples/);
});

test('two names of one side must agree here too', () => {
  expect(explainInvalid(jobCreateSchema, { prompt, height: 512, img_height: 1024 })?.param).toBe('height');
});
