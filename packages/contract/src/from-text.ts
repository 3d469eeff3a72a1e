import { type TSchema, Type } from 'typebox';
import { Check } from 'typebox/schema';
import { isRecord, keywordsOf, propertiesOf } from './schema/keywords.ts';

/** As in JSON; not hexadecimal, not blank, not "Infinity". */
const decimalSpelling = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i;

/**
 * The number a text spells. A text that spells none, or one that a double cannot hold exactly enough to be checked against a
 * range (an integer past 2^53, an overflow), comes back as it is, so that the validator refuses it as it was sent.
 */
export function numberFromText(value: unknown): unknown {
  if (typeof value !== 'string' || !decimalSpelling.test(value)) return value;
  const number = Number(value);
  if (!Number.isFinite(number) || (Number.isInteger(number) && !Number.isSafeInteger(number))) return value;
  return number === 0 ? 0 : number;
}

const truths: ReadonlyMap<unknown, boolean> = new Map<unknown, boolean>([
  [1, true],
  [0, false],
  ['1', true],
  ['0', false],
  ['true', true],
  ['false', false],
]);

/** The boolean that 0, 1 or their names as text stand for, in any case: Python writes `True`. Anything else comes back as it is. */
export function booleanFromText(value: unknown): unknown {
  return truths.get(typeof value === 'string' ? value.toLowerCase() : value) ?? value;
}

/** Whether a schema asks for a number. */
function isNumeric(schema: unknown): boolean {
  const { type } = keywordsOf(schema);
  return type === 'integer' || type === 'number';
}

/**
 * For query strings and `multipart/form-data`, where every value is text: turns the text of numeric and boolean fields into
 * their values, by the schema. What cannot be turned is left as it is, so that the validator says what is allowed.
 *
 * @example
 * fromText(jobListQuerySchema, { limit: '10', favourite: 'true', q: '7' }); // { limit: 10, favourite: true, q: '7' }
 */
export function fromText(schema: unknown, fields: unknown): unknown {
  if (!isRecord(fields)) return fields;
  const properties = propertiesOf(schema);
  const entries = Object.entries(fields).map(([name, value]) => {
    const field = Object.hasOwn(properties, name) ? properties[name] : undefined;
    return [name, valueFromText(field, value)] as const;
  });
  return Object.fromEntries(entries);
}

/** The value that a text, or for booleans 0 or 1, stands for where the schema asks for one; anything else as it is. */
export function valueFromText(schema: unknown, value: unknown): unknown {
  if (isNumeric(schema)) return numberFromText(value);
  return keywordsOf(schema).type === 'boolean' ? booleanFromText(value) : value;
}

/**
 * For `multipart/form-data`, which cannot leave a field out: an empty text is absent where the schema has no use for it. In a prompt it
 * is a text like any other.
 *
 * @example
 * withoutEmptyFields(segmindRequestSchema, { prompt: '', seed: '', negative_prompt: '' }); // { prompt: '', negative_prompt: '' }
 */
export function withoutEmptyFields(schema: TSchema, fields: unknown): unknown {
  return withoutUnless(schema, fields, '');
}

/**
 * The same fields without those that are null: the types of many clients allow null for every optional field, and it means that the
 * field is absent. Where null is a value, and where a field is required, it stays for the validator.
 *
 * @example
 * withoutNulls(segmindRequestSchema, { prompt: 'an apple', seed: null, negative_prompt: null });
 * // { prompt: 'an apple', negative_prompt: null }
 */
export function withoutNulls(schema: TSchema, fields: unknown): unknown {
  return withoutUnless(schema, fields, null);
}

/** Leaves out the optional fields that have this value, unless their schema accepts it. */
function withoutUnless(schema: TSchema, fields: unknown, nothing: '' | null): unknown {
  if (!isRecord(fields)) return fields;
  const properties = propertiesOf(schema);
  const { required } = keywordsOf(schema);
  const isLeftOut = (name: string) => {
    const field = Object.hasOwn(properties, name) && !required.includes(name) ? properties[name] : undefined;
    return Type.IsSchema(field) && !Check(field, nothing);
  };
  return Object.fromEntries(Object.entries(fields).filter(([name, value]) => value !== nothing || !isLeftOut(name)));
}
