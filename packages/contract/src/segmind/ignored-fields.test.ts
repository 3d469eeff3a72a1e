import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ignoredFieldsHeader } from './ignored-fields.ts';

test('names are listed', () => {
  expect(ignoredFieldsHeader([])).toBe('');
  expect(ignoredFieldsHeader(['style', 'lora_scale'])).toBe('style, lora_scale');
});

test('a name cannot start a header of its own', () => {
  expect(ignoredFieldsHeader(['a\r\nset-cookie: b'])).toBe('a%0D%0Aset-cookie%3A%20b');
});

test('a body full of unknown fields still makes a short header', () => {
  const names = Array.from({ length: 5000 }, (_, i) => `field${i}`);
  expect(ignoredFieldsHeader(names)).toMatch(/, field19, and-4980-more$/);
});

test('whatever the names are, the value is printable ASCII of bounded length', () => {
  const name = fc
    .tuple(fc.string({ unit: 'binary' }), fc.constantFrom('', '\ud800', '語'.repeat(100)))
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(fc.array(name, { maxLength: 40 }), (names) => {
      const value = ignoredFieldsHeader(names);
      expect(value).toMatch(/^[\x20-\x7e]*$/);
      expect(value.length).toBeLessThan(8000);
    }),
  );
});
