import type { TSchema } from 'typebox';
import type { TLocalizedValidationError } from 'typebox/error';
import { Errors } from 'typebox/schema';
import type { Fault } from '../errors.ts';
import { isRecord, keywordsOf, propertiesOf } from '../schema/keywords.ts';
import { wordsOfPattern } from '../schema/patterns.ts';
import { describeSchema, describeValue } from './describe.ts';

/**
 * Why a value does not fit a schema: which field, what is allowed and what was sent. Undefined when it fits.
 * Several faults are told one at a time, the first in the order of the schema.
 *
 * @example
 * explainInvalid(segmindRequestSchema, { prompt: 'an apple', num_inference_steps: 101 });
 * // { param: 'num_inference_steps', message: 'num_inference_steps must be an integer from 1 to 100 (got 101)' }
 */
export function explainInvalid(schema: TSchema, value: unknown): Fault | undefined {
  const [fits, errors] = Errors(schema, value);
  if (fits) return undefined;
  const first = firstOf(errors);
  return first ? explain(first, schema, value) : { message: 'the body is not valid' };
}

/** Of a union, what is wrong by the member that the value has the type of. */
function firstOf(errors: readonly TLocalizedValidationError[]): TLocalizedValidationError | undefined {
  const [first] = errors;
  const union = first?.keyword === 'type' ? /^.*\/anyOf\//.exec(first.schemaPath)?.[0] : undefined;
  if (first === undefined || union === undefined) return first;
  const inner = errors.find(
    ({ keyword, schemaPath, instancePath }) =>
      schemaPath.startsWith(union) && !(keyword === 'type' && instancePath === first.instancePath),
  );
  return inner ?? first;
}

function explain(error: TLocalizedValidationError, schema: TSchema, value: unknown): Fault {
  const path = pointerParts(error.instancePath);
  switch (error.keyword) {
    case 'required':
      return faultOfMissing([...path, ...error.params.requiredProperties.slice(0, 1)], schema);
    case 'additionalProperties':
      return faultOfUnknown([...path, ...error.params.additionalProperties.slice(0, 1)], schema);
    case 'boolean':
      return faultOfUnknown(path, schema);
    case '~refine':
      return faultOfRefinement(path, error.params.message, schema, value);
    case 'pattern':
      return faultAt(path, wordsOfPattern(String(error.params.pattern)), value);
    default:
      return faultAt(path, describeSchema(schemaAt(schema, path)), value);
  }
}

function faultOfMissing(path: readonly string[], schema: TSchema): Fault {
  const param = path.join('.');
  return { param, message: `${param} is required: ${describeSchema(schemaAt(schema, path))}` };
}

function faultOfUnknown(path: readonly string[], schema: TSchema): Fault {
  const param = path.join('.');
  const known = Object.keys(propertiesOf(schemaAt(schema, path.slice(0, -1))));
  const allowed = known.length > 0 ? `; the fields are ${known.join(', ')}` : '; there are none';
  return { param, message: `${describeValue(param)} is not a field here${allowed}` };
}

/** A refinement of a field says what the field must be; one of an object is a sentence that begins with the field at fault. */
function faultOfRefinement(path: readonly string[], message: string, schema: TSchema, value: unknown): Fault {
  const fields = Object.keys(propertiesOf(schemaAt(schema, path)));
  if (fields.length === 0) return faultAt(path, message, value);
  const field = fields.find((name) => message.startsWith(`${name} `));
  return field === undefined ? { message } : { param: [...path, field].join('.'), message };
}

function faultAt(path: readonly string[], allowed: string, value: unknown): Fault {
  const got = `(got ${describeValue(valueAt(value, path))})`;
  if (path.length === 0) return { message: `the body must be ${allowed} ${got}` };
  const param = path.join('.');
  return { param, message: `${param} must be ${allowed} ${got}` };
}

/** The parts of a JSON Pointer (RFC 6901 §4: ~1 is a slash, ~0 a tilde). */
function pointerParts(pointer: string): readonly string[] {
  if (pointer === '') return [];
  return pointer
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** The value that a path leads to; undefined where it leads nowhere. */
function valueAt(value: unknown, path: readonly string[]): unknown {
  let current = value;
  for (const part of path) {
    if (Array.isArray(current)) current = current[Number(part)];
    else if (isRecord(current) && Object.hasOwn(current, part)) current = current[part];
    else return undefined;
  }
  return current;
}

/** The schema of the value that a path leads to; undefined where the schema does not know it. */
function schemaAt(schema: unknown, path: readonly string[]): unknown {
  const [part, ...rest] = path;
  if (part === undefined) return schema;
  const { anyOf, properties, others, items } = keywordsOf(schema);
  if (anyOf) return anyOf.map((branch) => schemaAt(branch, path)).find((found) => found !== undefined);
  if (properties && Object.hasOwn(properties, part)) return schemaAt(properties[part], rest);
  if (others !== undefined) return schemaAt(others, rest);
  return items === undefined ? undefined : schemaAt(items, rest);
}
