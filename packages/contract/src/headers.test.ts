import { Check } from 'typebox/schema';
import { expect, test } from 'vitest';
import { idempotencyKeySchema } from './headers.ts';

test.each(['a', 'order 42', 'x'.repeat(255)])('%j is a key', (key) => {
  expect(Check(idempotencyKeySchema, key)).toBe(true);
});

test.each(['', 'ü', 'a\nb', 'x'.repeat(256)])('%j is none', (key) => {
  expect(Check(idempotencyKeySchema, key)).toBe(false);
});
