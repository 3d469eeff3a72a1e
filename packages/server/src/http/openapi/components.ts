/** An object of an OpenAPI document. */
export type Json = Readonly<Record<string, unknown>>;

/** Schemas of the contract are named like types; a title of anything else is just a title. */
const schemaName = /^[A-Z][A-Za-z0-9]+$/;

/**
 * The same OpenAPI document with every named schema once, among the components, and references to it wherever it is used, so
 * that generated clients have types with names.
 */
export function withComponents(document: Json): Json {
  const schemas: Record<string, unknown> = {};
  const { info, ...rest } = document;
  const moved = moveNamed(rest, schemas);
  const components = isRecord(moved) && isRecord(moved.components) ? moved.components : {};
  return { ...(isRecord(moved) ? moved : {}), info, components: { ...components, schemas } };
}

function moveNamed(value: unknown, schemas: Record<string, unknown>): unknown {
  if (Array.isArray(value)) return value.map((each) => moveNamed(each, schemas));
  if (!isRecord(value)) return value;
  const moved = Object.fromEntries(Object.entries(value).map(([name, each]) => [name, moveNamed(each, schemas)]));
  const { title } = value;
  if (typeof title !== 'string' || !schemaName.test(title)) return moved;
  schemas[title] = moved;
  return { $ref: `#/components/schemas/${title}` };
}

export function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
