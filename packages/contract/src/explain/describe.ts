import { type Keywords, keywordsOf } from '../schema/keywords.ts';
import { patterns, wordsOfPattern } from '../schema/patterns.ts';

/**
 * What a schema allows, in words that continue "must be".
 *
 * @example
 * describeSchema(Type.Integer({ minimum: 1, maximum: 4 })); // 'an integer from 1 to 4'
 */
export function describeSchema(schema: unknown): string {
  const keywords = keywordsOf(schema);
  if (keywords.anyOf) return keywords.anyOf.map(describeSchema).join(' or ');
  if (keywords.enum) return describeChoice(keywords.enum);
  if (keywords.const !== undefined) return JSON.stringify(keywords.const);
  switch (keywords.type) {
    case 'integer':
      return describeNumber(keywords, 'an integer');
    case 'number':
      return describeNumber(keywords, 'a number');
    case 'string':
      return describeString(keywords);
    case 'boolean':
      return 'true or false';
    case 'null':
      return 'null';
    case 'array':
      return describeArray(keywords);
    case 'object':
      return 'a JSON object';
    default:
      return 'another value';
  }
}

function describeChoice(values: readonly unknown[]): string {
  const spelled = values.map((value) => JSON.stringify(value));
  return spelled.length === 1 ? spelled.join() : `one of ${spelled.join(', ')}`;
}

function describeNumber({ minimum, maximum, exclusiveMinimum, multipleOf }: Keywords, plain: string): string {
  const kind = multipleOf === undefined ? plain : `a multiple of ${multipleOf}`;
  if (exclusiveMinimum !== undefined) {
    return `${kind} greater than ${exclusiveMinimum}${maximum === undefined ? '' : ` and at most ${maximum}`}`;
  }
  if (minimum !== undefined && maximum !== undefined) return `${kind} from ${minimum} to ${maximum}`;
  if (minimum !== undefined) return `${kind} of at least ${minimum}`;
  if (maximum !== undefined) return `${kind} of at most ${maximum}`;
  return kind;
}

const formats: Readonly<Record<string, string>> = {
  uuid: 'a UUID',
  uri: 'an absolute URL',
  date: 'a day such as "2026-01-31"',
  'date-time': 'a date and time such as "2026-01-31T12:00:00Z"',
};

function describeString({ minLength = 0, maxLength, format, pattern }: Keywords): string {
  if (format !== undefined) return formats[format] ?? `a string of the format ${format}`;
  const kind = minLength > 0 ? 'a non-empty string' : 'a string';
  const length = maxLength === undefined ? '' : ` of at most ${maxLength} characters`;
  // Few have ever sent U+0000; it is spoken of only to those who did.
  if (pattern === undefined || pattern === patterns.text.source) return kind + length;
  const words = wordsOfPattern(pattern);
  return maxLength === undefined && minLength === 0 ? words : `${kind}${length}, ${words}`;
}

function describeArray({ items, minItems = 0 }: Keywords): string {
  const { enum: values } = keywordsOf(items);
  const kind = minItems > 0 ? 'a non-empty list' : 'a list';
  return values ? `${kind} of ${values.map((value) => JSON.stringify(value)).join(', ')}` : kind;
}

/** Characters of a text that are quoted back: enough to recognise it, too few to fill a log. */
const MAX_QUOTE_LENGTH = 60;

/**
 * What was sent, in a few words: the value itself where it is short, its kind where it is not.
 *
 * @example
 * describeValue('1'); // '"1"'
 */
export function describeValue(value: unknown): string {
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'number') return String(value);
  if (typeof value === 'boolean' || value === null) return String(value);
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function quote(text: string): string {
  // Two UTF-16 units at most make a code point; a base64 picture need not be looked at as a whole.
  const start = [...text.slice(0, 2 * MAX_QUOTE_LENGTH + 2)];
  if (start.length <= MAX_QUOTE_LENGTH && text.length <= 2 * MAX_QUOTE_LENGTH + 2) return JSON.stringify(text);
  return `${JSON.stringify(start.slice(0, MAX_QUOTE_LENGTH).join(''))}… (${text.length} characters)`;
}
