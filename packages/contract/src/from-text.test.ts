import fc from 'fast-check';
import { Type } from 'typebox';
import { expect, test } from 'vitest';
import { booleanFromText, fromText, numberFromText, withoutEmptyFields, withoutNulls } from './from-text.ts';

test.each([
  ['1', 1],
  ['-1', -1],
  ['7.5', 7.5],
  ['25.0', 25],
  ['1e3', 1000],
  ['-0', 0],
  ['999999999999999', 999_999_999_999_999],
])('the text %j is the number %d', (text, number) => {
  expect(numberFromText(text)).toBe(number);
});

test.each([
  '',
  ' 1',
  '1 ',
  '+1',
  '0x10',
  '1_000',
  '1,5',
  '.5',
  '5.',
  'NaN',
  'Infinity',
  '1e999',
  '99999999999999999999',
])('the text %j stays as it is', (text) => {
  expect(numberFromText(text)).toBe(text);
});

test.each([null, undefined, true, [], {}, 3])('what is no text stays as it is: %j', (value) => {
  expect(numberFromText(value)).toBe(value);
});

test('every number survives its own spelling in JSON', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e15, max: 1e15 }), (number) => {
      expect(numberFromText(JSON.stringify(number))).toBe(number === 0 ? 0 : number);
    }),
  );
});

test('0, 1, "0", "1", "true" and "false" in any case are booleans, and nothing else becomes one', () => {
  expect([0, '0', 'false'].map(booleanFromText)).toEqual([false, false, false]);
  expect([1, '1', 'true'].map(booleanFromText)).toEqual([true, true, true]);
  expect(['True', 'FALSE'].map(booleanFromText)).toEqual([true, false]);
  for (const value of [null, undefined, '', 'yes', 2, -1, '01', []]) expect(booleanFromText(value)).toBe(value);
});

const schema = Type.Object({ limit: Type.Integer(), ratio: Type.Number(), on: Type.Boolean(), q: Type.String() });

test('the schema says which texts are numbers and booleans', () => {
  expect(fromText(schema, { limit: '10', ratio: '0.5', on: '1', q: '7', other: '8' })).toEqual({
    limit: 10,
    ratio: 0.5,
    on: true,
    q: '7',
    other: '8',
  });
});

test('a repeated field, which arrives as a list, is left for the validator', () => {
  expect(fromText(schema, { limit: ['1', '2'] })).toEqual({ limit: ['1', '2'] });
});

test('fields named after what objects inherit are fields like others', () => {
  const sent: unknown = JSON.parse('{"__proto__":"1","constructor":"2"}');
  expect(JSON.stringify(fromText(schema, sent))).toBe('{"__proto__":"1","constructor":"2"}');
});

const fields = Type.Object({
  prompt: Type.String({ minLength: 1 }),
  negative: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  seed: Type.Optional(Type.Integer()),
  image: Type.Optional(Type.String({ minLength: 1 })),
});

test('null means absent where a field is optional and null is no value of it', () => {
  const nulls = { prompt: null, negative: null, seed: null, image: null, other: null };
  expect(withoutNulls(fields, nulls)).toEqual({ prompt: null, negative: null, other: null });
  expect([null, [null], 'a'].map((body) => withoutNulls(fields, body))).toEqual([null, [null], 'a']);
});

test('the empty field of a form is absent where it can be and the empty text is no value of it', () => {
  const empty = { prompt: '', negative: '', seed: '', image: '', other: '' };
  expect(withoutEmptyFields(fields, empty)).toEqual({ prompt: '', negative: '', other: '' });
  expect(withoutEmptyFields(fields, { seed: '7' })).toEqual({ seed: '7' });
});
