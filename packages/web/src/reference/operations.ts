/** A value that a request takes, as the OpenAPI document of the server describes it. */
export interface Parameter {
  readonly name: string;
  readonly place: 'body' | 'path' | 'query';
  readonly isRequired: boolean;
  readonly description: string;
  /** Its type and what is allowed, for people. */
  readonly terms: string;
  /** The default, as JSON; empty: none. */
  readonly preset: string;
  readonly control: Control;
}

export type Control =
  | { readonly kind: 'text'; readonly isLong: boolean; readonly maxLength?: number }
  | { readonly kind: 'picture' }
  | { readonly kind: 'number'; readonly min?: number; readonly max?: number; readonly step: number | 'any' }
  | { readonly kind: 'choice'; readonly choices: readonly (string | number | boolean)[] }
  | { readonly kind: 'json' };

export interface Operation {
  /** The `operationId`. */
  readonly id: string;
  readonly tag: string;
  readonly method: (typeof methods)[number];
  /** With `{name}` for each part that varies. */
  readonly path: string;
  readonly summary: string;
  readonly hasBody: boolean;
  readonly parameters: readonly Parameter[];
}

/** Administration has the console; health checks and event streams need no form. */
const shownTags: readonly string[] = ['segmind', 'openai', 'jobs', 'images', 'models', 'money'];
const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/** The operations of an OpenAPI document whose requests are JSON or have no body, with their parameters. */
export function operationsOf(document: unknown): Operation[] {
  const found = entriesOf(at(document, 'paths')).flatMap(([path, item]) =>
    methods.flatMap((method) => {
      const operation = at(item, method.toLowerCase());
      return isObject(operation) && !path.endsWith('/events') ? [operationOf(document, path, method, operation)] : [];
    }),
  );
  const isShown = ({ tag }: Operation) => shownTags.includes(tag);
  return found.filter(isShown).toSorted((one, other) => shownTags.indexOf(one.tag) - shownTags.indexOf(other.tag));
}

function operationOf(document: unknown, path: string, method: Operation['method'], operation: JsonObject): Operation {
  const body = at(operation, 'requestBody', 'content', 'application/json', 'schema');
  const schema = resolve(document, body);
  const required = Array.isArray(schema.required) ? schema.required : [];
  const fields = entriesOf(schema.properties).map(([name, field]) =>
    parameterOf(name, 'body', required.includes(name), resolve(document, field)),
  );
  const others = (Array.isArray(operation.parameters) ? operation.parameters : []).flatMap((each: unknown) => {
    const own = resolve(document, each);
    if (own.in !== 'path' && own.in !== 'query') return [];
    const described = { ...resolve(document, own.schema), description: own.description };
    return [parameterOf(textOf(own.name), own.in, own.required === true, described)];
  });
  const [tag] = Array.isArray(operation.tags) ? operation.tags.map(textOf) : [];
  return {
    id: textOf(operation.operationId),
    tag: tag ?? '',
    method,
    path,
    summary: textOf(operation.summary),
    hasBody: body !== undefined,
    parameters: [...others, ...fields],
  };
}

function parameterOf(name: string, place: Parameter['place'], isRequired: boolean, schema: JsonObject): Parameter {
  return {
    name,
    place,
    isRequired,
    description: textOf(schema.description),
    terms: [typeOf(schema), ...limitsOf(schema)].join(', '),
    preset: schema.default === undefined ? '' : JSON.stringify(schema.default),
    control: controlOf(name, plainOf(schema)),
  };
}

/** Of a nullable schema, what it is when it is not null. */
function plainOf(schema: JsonObject): JsonObject {
  const choices = Array.isArray(schema.anyOf) ? schema.anyOf.filter(isObject) : [];
  return choices.find(({ type }) => type !== 'null') ?? schema;
}

function controlOf(name: string, schema: JsonObject): Control {
  const { type, minimum, maximum, multipleOf, maxLength } = schema;
  if (Array.isArray(schema.enum)) return { kind: 'choice', choices: schema.enum.filter(isPlainValue) };
  if (type === 'boolean') return { kind: 'choice', choices: [true, false] };
  if (type === 'integer' || type === 'number') {
    const step = typeof multipleOf === 'number' ? multipleOf : type === 'integer' ? 1 : 'any';
    return {
      kind: 'number',
      step,
      ...(typeof minimum === 'number' && { min: minimum }),
      ...(typeof maximum === 'number' && { max: maximum }),
    };
  }
  if (type !== 'string') return { kind: 'json' };
  if (name === 'image' || name === 'mask') return { kind: 'picture' };
  const length = typeof maxLength === 'number' ? { maxLength } : {};
  return { kind: 'text', isLong: typeof maxLength === 'number' && maxLength > 1000, ...length };
}

function typeOf(schema: JsonObject): string {
  if (Array.isArray(schema.anyOf)) return schema.anyOf.filter(isObject).map(typeOf).join(' or ');
  return typeof schema.type === 'string' ? schema.type : 'any';
}

function limitsOf(schema: JsonObject): string[] {
  const plain = plainOf(schema);
  const { minimum, maximum, multipleOf, minLength, maxLength, maxItems } = plain;
  if (Array.isArray(plain.enum)) return [`one of ${plain.enum.join(', ')}`];
  return [
    ...(typeof minimum === 'number' && typeof maximum === 'number' ? [`${minimum} – ${maximum}`] : []),
    ...(typeof multipleOf === 'number' ? [`multiples of ${multipleOf}`] : []),
    ...(typeof minLength === 'number' && minLength > 0 ? ['not empty'] : []),
    ...(typeof maxLength === 'number' ? [`at most ${maxLength} characters`] : []),
    ...(typeof maxItems === 'number' ? [`at most ${maxItems}`] : []),
  ];
}

interface JsonObject {
  readonly [keyword: string]: unknown;
}

function resolve(document: unknown, schema: unknown): JsonObject {
  if (!isObject(schema)) return {};
  const reference = schema.$ref;
  return typeof reference === 'string' ? resolve(document, at(document, ...reference.slice(2).split('/'))) : schema;
}

function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>((inner, name) => (isObject(inner) ? inner[name] : undefined), value);
}

function entriesOf(value: unknown): [string, unknown][] {
  return isObject(value) ? Object.entries(value) : [];
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isPlainValue(value: unknown): value is string | number | boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
