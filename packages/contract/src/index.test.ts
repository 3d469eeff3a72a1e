import { type TSchema, Type } from 'typebox';
import { Check } from 'typebox/schema';
import { expect, test } from 'vitest';
import * as contract from './index.ts';
import { isRecord, keywordsOf, propertiesOf } from './schema/keywords.ts';

/** Every schema that the package exports, by the name of the export. */
const schemas: readonly (readonly [string, TSchema])[] = Object.entries(contract).flatMap(([name, value]) =>
  name.endsWith('Schema') && Type.IsSchema(value) ? [[name, value] as const] : [],
);

/** The fields of every schema, those of objects within objects too. */
function fieldsOf(name: string, schema: unknown): (readonly [string, unknown])[] {
  return Object.entries(propertiesOf(schema)).flatMap(([key, field]) => [
    [`${name}.${key}`, field] as const,
    ...fieldsOf(`${name}.${key}`, field),
    ...fieldsOf(`${name}.${key}[]`, keywordsOf(field).items),
  ]);
}

const fields = schemas.flatMap(([name, schema]) => fieldsOf(name, schema));

function hasFields(schema: unknown): boolean {
  const { items, anyOf } = keywordsOf(schema);
  return [schema, items, ...(anyOf ?? [])].some((part) => Object.keys(propertiesOf(part)).length > 0);
}

function notesOf(field: unknown): Readonly<Record<string, unknown>> {
  return isRecord(field) ? field : {};
}

function schemaOf(field: unknown): TSchema {
  if (!Type.IsSchema(field)) throw new TypeError('a field without a schema');
  return field;
}

test('all surfaces are exported', () => {
  expect(schemas.length).toBeGreaterThan(50);
  expect(fields.length).toBeGreaterThan(300);
});

test('every schema has a name and a description for the API page, and no two share a name', () => {
  const titles = schemas.map(([, schema]) => notesOf(schema).title);
  for (const [name, schema] of schemas) {
    expect(notesOf(schema).title, name).toMatch(/^[A-Z][A-Za-z0-9]+$/);
    expect(notesOf(schema).description, name).toMatch(/\S/);
  }
  expect(new Set(titles).size).toBe(titles.length);
});

test('every field says what it is', () => {
  for (const [name, field] of fields) expect(notesOf(field).description, name).toMatch(/\S/);
});

test('every field has an example, or consists of fields that have', () => {
  const without = fields.filter(([, field]) => !hasFields(field) && !Array.isArray(notesOf(field).examples));
  expect(without.map(([name]) => name)).toEqual([]);
});

test('every example and every default is valid itself', () => {
  for (const [name, field] of fields) {
    const { examples, default: preset } = notesOf(field);
    const values = [...(Array.isArray(examples) ? examples : []), ...(preset === undefined ? [] : [preset])];
    for (const value of values) expect(Check(schemaOf(field), value), `${name}: ${JSON.stringify(value)}`).toBe(true);
  }
});

test('schemas go into an OpenAPI document as plain JSON', () => {
  for (const [name, schema] of schemas) expect(JSON.stringify(schema), name).not.toContain('"~');
});
