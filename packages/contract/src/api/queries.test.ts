import { expect, test } from 'vitest';
import { explainInvalid } from '../explain/explain-invalid.ts';
import { fromText } from '../from-text.ts';
import { priceQuerySchema } from '../request/schemas.ts';
import { usageQuerySchema } from './credits.ts';
import { imageParamsSchema } from './image.ts';
import { jobListQuerySchema, jobParamsSchema } from './job.ts';

test('the filters of the gallery are read from a query string', () => {
  const query = fromText(jobListQuerySchema, { q: '7', seed: '42', size: '1024x768', favourite: 'true', limit: '5' });
  expect(query).toEqual({ q: '7', seed: 42, size: '1024x768', favourite: true, limit: 5 });
  expect(explainInvalid(jobListQuerySchema, query)).toBeUndefined();
});

test.each([
  ['limit', '0'],
  ['limit', '101'],
  ['seed', '-1'],
  ['size', 'large'],
  ['favourite', 'perhaps'],
  ['q', ''],
  ['colour', 'red'],
])('the filter %s=%s is refused by name', (name, value) => {
  const query = fromText(jobListQuerySchema, { [name]: value });
  expect(explainInvalid(jobListQuerySchema, query)?.param).toBe(name);
});

test('a price is asked with the fields of a job', () => {
  const query = fromText(priceQuerySchema, { samples: '4', num_inference_steps: '1', aspect_ratio: '16:9' });
  expect(explainInvalid(priceQuerySchema, query)).toBeUndefined();
  expect(explainInvalid(priceQuerySchema, { width: 512, img_width: 1024 })?.param).toBe('width');
});

test('usage is asked from an earlier to a later day', () => {
  expect(explainInvalid(usageQuerySchema, { from: '2026-01-01', to: '2026-01-01', group: 'key' })).toBeUndefined();
  expect(explainInvalid(usageQuerySchema, { from: '2026-01-02', to: '2026-01-01' })).toEqual({
    param: 'from',
    message: 'from must not be later than to (got 2026-01-02 and 2026-01-01)',
  });
  expect(explainInvalid(usageQuerySchema, { from: '2026-02-30' })?.message).toBe(
    'from must be a day such as "2026-01-31" (got "2026-02-30")',
  );
  expect(explainInvalid(usageQuerySchema, { group: 'hour' })?.message).toBe(
    'group must be one of "day", "key", "model" (got "hour")',
  );
});

test('a job is named by a UUID, a picture by 32 hexadecimal digits and perhaps an ending', () => {
  expect(explainInvalid(jobParamsSchema, { id: '01980c5e-7d3a-7c61-9a52-3f0b6f1c2d4e' })).toBeUndefined();
  expect(explainInvalid(jobParamsSchema, { id: '7' })?.message).toBe('id must be a UUID (got "7")');
  const name = '3f0b6f1c2d4e5a60718293a4b5c6d7e8';
  for (const ending of ['', '.jpg', '.png', '.webp'])
    expect(explainInvalid(imageParamsSchema, { name: name + ending })).toBeUndefined();
  for (const wrong of [name.slice(1), name.toUpperCase(), `${name}.gif`, `${name}\n`, `../${name}`])
    expect(explainInvalid(imageParamsSchema, { name: wrong })?.param).toBe('name');
});
