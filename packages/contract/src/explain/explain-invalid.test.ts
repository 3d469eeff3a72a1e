import fc from 'fast-check';
import { type TSchema, Type } from 'typebox';
import { Check } from 'typebox/schema';
import { expect, test } from 'vitest';
import { segmindRequestSchema } from '../request/schemas.ts';
import { explainInvalid } from './explain-invalid.ts';

const messageFor = (field: TSchema, value: unknown) =>
  explainInvalid(Type.Object({ field: Type.Optional(field) }), { field: value })?.message;

test('a fault tells the field, what is allowed and what was sent', () => {
  expect(explainInvalid(segmindRequestSchema, { prompt: 'an apple', num_inference_steps: 101 })).toEqual({
    param: 'num_inference_steps',
    message: 'num_inference_steps must be an integer from 1 to 100 (got 101)',
  });
});

test.each<[TSchema, unknown, string]>([
  [Type.Integer({ minimum: 1, maximum: 4 }), '1', 'an integer from 1 to 4 (got "1")'],
  [Type.Number({ minimum: 1, maximum: 25 }), null, 'a number from 1 to 25 (got null)'],
  [Type.Number({ exclusiveMinimum: 0, maximum: 9 }), 0, 'a number greater than 0 and at most 9 (got 0)'],
  [Type.Number({ exclusiveMinimum: 0 }), 0, 'a number greater than 0 (got 0)'],
  [Type.Integer({ minimum: 0 }), -1, 'an integer of at least 0 (got -1)'],
  [Type.Integer({ maximum: 3 }), 4, 'an integer of at most 3 (got 4)'],
  [Type.Integer({ minimum: 64, maximum: 2048, multipleOf: 8 }), 100, 'a multiple of 8 from 64 to 2048 (got 100)'],
  [Type.Number(), Number.NaN, 'a number (got NaN)'],
  [Type.Boolean(), 'yes', 'true or false (got "yes")'],
  [Type.String({ minLength: 1 }), '', 'a non-empty string (got "")'],
  [Type.String({ maxLength: 3 }), 'abcd', 'a string of at most 3 characters (got "abcd")'],
  [Type.Union([Type.String(), Type.Null()]), 7, 'a string or null (got 7)'],
  [Type.Enum(['jpeg', 'png']), 'gif', 'one of "jpeg", "png" (got "gif")'],
  [Type.Literal('list'), 'x', '"list" (got "x")'],
  [Type.String({ format: 'uuid' }), 'x', 'a UUID (got "x")'],
  [Type.String({ format: 'email' }), 'x', 'a string of the format email (got "x")'],
  [Type.String({ pattern: '^a+$' }), 'b', 'text that matches ^a+$ (got "b")'],
  [Type.Array(Type.String()), {}, 'a list (got an object)'],
  [Type.Array(Type.Enum(['a', 'b']), { minItems: 1 }), [], 'a non-empty list of "a", "b" (got a list of 0)'],
  [Type.Object({}), [1, 2], 'a JSON object (got a list of 2)'],
])('%j and %j: must be %s', (schema, value, message) => {
  expect(messageFor(schema, value)).toBe(`field must be ${message}`);
});

test('a missing field is told with what it should be', () => {
  expect(explainInvalid(segmindRequestSchema, {})).toEqual({
    param: 'prompt',
    message: 'prompt is required: a non-empty string of at most 10000 characters',
  });
});

test('the character that no text may have is spoken of to those who sent it', () => {
  expect(explainInvalid(segmindRequestSchema, { prompt: 'a\u0000b' })?.message).toBe(
    'prompt must be text without the character U+0000 (got "a\\u0000b")',
  );
});

test('a field within a field is told by its whole path', () => {
  const schema = Type.Object({
    list: Type.Array(Type.Object({ 'a/b': Type.Integer() }, { additionalProperties: false })),
  });
  expect(explainInvalid(schema, { list: [{ 'a/b': 1 }, { 'a/b': 'x' }] })).toEqual({
    param: 'list.1.a/b',
    message: 'list.1.a/b must be an integer (got "x")',
  });
  expect(explainInvalid(schema, { list: [{}] })?.param).toBe('list.0.a/b');
  expect(explainInvalid(schema, { list: [{ 'a/b': 1, c: 2 }] })).toEqual({
    param: 'list.0.c',
    message: '"list.0.c" is not a field here; the fields are a/b',
  });
});

test('a long value is cut, by characters and not within one', () => {
  expect(messageFor(Type.Integer(), 'x'.repeat(61))).toBe(
    `field must be an integer (got "${'x'.repeat(60)}"… (61 characters))`,
  );
  expect(messageFor(Type.Integer(), 'x'.repeat(60))).toBe(`field must be an integer (got "${'x'.repeat(60)}")`);
  expect(messageFor(Type.Integer(), '👩'.repeat(61))).toContain(`"${'👩'.repeat(60)}"…`);
});

test('a value with line breaks stays on one line', () => {
  expect(messageFor(Type.Integer(), 'a\nb')).toBe('field must be an integer (got "a\\nb")');
});

test('whatever is sent, a fault is told exactly when the value does not fit, in a message of bounded length', () => {
  const body = fc.oneof(
    fc.jsonValue(),
    fc.record(
      {
        prompt: fc.oneof(fc.string(), fc.jsonValue()),
        samples: fc.oneof(fc.integer({ min: 0, max: 5 }), fc.jsonValue()),
        seed: fc.oneof(fc.double(), fc.jsonValue()),
        img_width: fc.oneof(
          fc.integer({ min: 0, max: 300 }).map((n) => n * 8),
          fc.jsonValue(),
        ),
        width: fc.oneof(
          fc.integer({ min: 0, max: 300 }).map((n) => n * 8),
          fc.jsonValue(),
        ),
        aspect_ratio: fc.oneof(fc.constant('4:3'), fc.jsonValue()),
      },
      { requiredKeys: [] },
    ),
  );
  fc.assert(
    fc.property(body, (value) => {
      const fault = explainInvalid(segmindRequestSchema, value);
      expect(fault === undefined).toBe(Check(segmindRequestSchema, value));
      if (fault) expect(fault.message.length).toBeLessThan(600);
    }),
    { numRuns: 500 },
  );
});
