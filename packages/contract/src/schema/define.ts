import {
  type TEnum,
  type TInteger,
  type TNull,
  type TNumber,
  type TObject,
  type TProperties,
  type TSchema,
  type TString,
  type TUnion,
  Type,
} from 'typebox';
import type { Range } from '../limits.ts';
import { patterns } from './patterns.ts';

/** What the API page shows of a field. */
export interface FieldNotes {
  readonly description: string;
  readonly examples: readonly unknown[];
  readonly default?: unknown;
}

/** What the API page shows of an object; the title is its name among the components of the OpenAPI document. */
export interface ObjectNotes {
  readonly title: string;
  readonly description: string;
}

/** An object that may have more properties than these: a reply may grow, and what is ignored is no error. */
export function openObject<Properties extends TProperties>(
  properties: Properties,
  notes: ObjectNotes,
): TObject<Properties> {
  return Type.Object(properties, { ...notes });
}

/** An object with these properties only: a misspelt field is refused instead of ignored. */
export function closedObject<Properties extends TProperties>(
  properties: Properties,
  notes: ObjectNotes,
): TObject<Properties> {
  return Type.Object(properties, { ...notes, additionalProperties: false });
}

export function integerIn({ min, max }: Range, notes: FieldNotes): TInteger {
  return Type.Integer({ minimum: min, maximum: max, ...notes });
}

export function numberIn({ min, max }: Range, notes: FieldNotes): TNumber {
  return Type.Number({ minimum: min, maximum: max, ...notes });
}

/** A whole number that is counted, so never negative. */
export function count(notes: FieldNotes): TInteger {
  return Type.Integer({ minimum: 0, ...notes });
}

/** Seconds, never negative. */
export function seconds(notes: FieldNotes): TNumber {
  return Type.Number({ minimum: 0, ...notes });
}

export function choice<Values extends string[]>(values: readonly [...Values], notes: FieldNotes): TEnum<Values> {
  return Type.Enum(values, { type: 'string', ...notes });
}

/** Text of a length that is stored as it is; lengths count Unicode code points. */
export function textOf({ min, max }: Range, notes: FieldNotes): TString {
  return Type.String({ minLength: min, maxLength: max, pattern: patterns.text.source, ...notes });
}

export function matching(pattern: keyof typeof patterns, notes: FieldNotes): TString {
  return Type.String({ pattern: patterns[pattern].source, ...notes });
}

/** Explicit `null` for an absent value. The notes are those of the field. */
export function nullable<Schema extends TSchema>(schema: Schema, notes: FieldNotes): TUnion<[Schema, TNull]> {
  return Type.Union([schema, Type.Null()], { ...notes });
}
