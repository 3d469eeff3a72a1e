import fc from 'fast-check';
import { expect, test } from 'vitest';
import { explainInvalid } from '../explain/explain-invalid.ts';
import { segmindRequestSchema } from '../request/schemas.ts';
import { ignoredFieldsHeader, lenientSegmindBody } from './lenient.ts';

test('what old clients send as text is understood', () => {
  const sent = { prompt: 'a', samples: '1', num_inference_steps: '25', guidance_scale: '7.5', seed: '-1', base64: '0' };
  const { body, ignored } = lenientSegmindBody(sent);
  expect(body).toEqual({
    prompt: 'a',
    samples: 1,
    num_inference_steps: 25,
    guidance_scale: 7.5,
    seed: -1,
    base64: false,
  });
  expect(ignored).toEqual([]);
  expect(explainInvalid(segmindRequestSchema, body)).toBeUndefined();
});

test.each([
  [0, false],
  [1, true],
  ['0', false],
  ['1', true],
  ['true', true],
  ['false', false],
  ['True', true],
  ['FALSE', false],
  [true, true],
])('base64 %j is %j', (sent, base64) => {
  expect(lenientSegmindBody({ base64: sent }).body).toEqual({ base64 });
});

test.each(['yes', 'Truth', 2, null, ''])('base64 %j stays, and is refused', (base64) => {
  const { body } = lenientSegmindBody({ prompt: 'a', base64 });
  expect(body).toEqual({ prompt: 'a', base64 });
  expect(explainInvalid(segmindRequestSchema, body)?.message).toMatch(/^base64 must be true or false \(got /);
});

test('a number in a prompt stays a text', () => {
  const sent = { prompt: '7', negative_prompt: '1', aspect_ratio: '1', image: '0' };
  expect(lenientSegmindBody(sent).body).toEqual(sent);
});

test('null stays null: the empty string would be another picture', () => {
  expect(lenientSegmindBody({ prompt: 'a', negative_prompt: null, seed: null }).body).toEqual({
    prompt: 'a',
    negative_prompt: null,
    seed: null,
  });
});

test('a wrong value is refused as it was sent', () => {
  const { body } = lenientSegmindBody({ prompt: 'a', seed: '99999999999999999999' });
  expect(explainInvalid(segmindRequestSchema, body)?.message).toBe(
    'seed must be an integer from -1 to 999999999999999 (got "99999999999999999999")',
  );
});

test('unknown fields are left out and listed in the order they were sent', () => {
  expect(lenientSegmindBody({ webhook: 'x', prompt: 'a', tiles: 1 })).toEqual({
    body: { prompt: 'a' },
    ignored: ['webhook', 'tiles'],
  });
});

test('fields named after what objects inherit are unknown fields', () => {
  const sent: unknown = JSON.parse('{"prompt":"a","__proto__":{"samples":4},"constructor":1,"toString":2}');
  expect(lenientSegmindBody(sent)).toEqual({
    body: { prompt: 'a' },
    ignored: ['__proto__', 'constructor', 'toString'],
  });
});

test.each([null, undefined, 'text', 7, [1]])('what is no object passes through: %j', (body) => {
  expect(lenientSegmindBody(body)).toEqual({ body, ignored: [] });
});

test('every field that was sent is kept or listed, and twice lenient is once lenient', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.jsonValue(), (others, value) => {
      const sent = { ...others, samples: value, base64: value, prompt: value };
      const once = lenientSegmindBody(sent);
      expect([...Object.keys(Object(once.body)), ...once.ignored].sort()).toEqual(Object.keys(sent).sort());
      expect(lenientSegmindBody(once.body)).toEqual({ body: once.body, ignored: [] });
    }),
  );
});

test('what is valid is not changed', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.string({ minLength: 1 }),
      fc.boolean(),
      (samples, prompt, base64) => {
        const sent = { prompt, samples, base64, negative_prompt: prompt };
        expect(lenientSegmindBody(sent)).toEqual({ body: sent, ignored: [] });
      },
    ),
  );
});

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
