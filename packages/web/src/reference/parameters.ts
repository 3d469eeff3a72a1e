import { defaultSlug } from '@easel/contract';

/** A field of the request, as described in the OpenAPI document of the server. */
export interface Parameter {
  readonly name: string;
  readonly type: string;
  readonly isRequired: boolean;
  readonly preset: string;
  readonly range: string;
  readonly description: string;
}

interface Schema {
  readonly [keyword: string]: unknown;
}

/** The fields of POST /v1/playground-v2.5 in an OpenAPI document, with the limits and defaults of the model that is served there. */
export function parametersOf(document: unknown): Parameter[] {
  const body = at(
    document,
    'paths',
    `/v1/${defaultSlug}`,
    'post',
    'requestBody',
    'content',
    'application/json',
    'schema',
  );
  const schema = resolveReference(document, body);
  const required = Array.isArray(schema.required) ? schema.required : [];
  return Object.entries(isSchema(schema.properties) ? schema.properties : {}).map(([name, field]) => {
    const own = resolveReference(document, field);
    return {
      name,
      type: typeOf(own),
      isRequired: required.includes(name),
      preset: own.default === undefined ? '' : JSON.stringify(own.default),
      range: rangeOf(own),
      description: typeof own.description === 'string' ? own.description : '',
    };
  });
}

function typeOf(schema: Schema): string {
  if (Array.isArray(schema.anyOf)) return schema.anyOf.filter(isSchema).map(typeOf).join(' or ');
  return typeof schema.type === 'string' ? schema.type : 'any';
}

function rangeOf(schema: Schema): string {
  const choices = Array.isArray(schema.enum) ? schema.enum : undefined;
  if (choices) return choices.join(', ');
  const { minimum, maximum, multipleOf } = schema;
  const step = typeof multipleOf === 'number' ? `, multiples of ${multipleOf}` : '';
  if (typeof minimum === 'number' && typeof maximum === 'number') return `${minimum} – ${maximum}${step}`;
  if (typeof schema.minLength === 'number' && schema.minLength > 0) return 'not empty';
  return '';
}

function resolveReference(document: unknown, schema: unknown): Schema {
  if (!isSchema(schema)) return {};
  const reference = schema.$ref;
  return typeof reference === 'string'
    ? resolveReference(document, at(document, ...reference.slice(2).split('/')))
    : schema;
}

function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, name) => (isSchema(inner) ? inner[name] : undefined), value);
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
