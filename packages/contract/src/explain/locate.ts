import { isRecord, keywordsOf } from '../schema/keywords.ts';

/** The parts of a JSON Pointer (RFC 6901 §4: ~1 is a slash, ~0 a tilde). */
export function pointerParts(pointer: string): readonly string[] {
  if (pointer === '') return [];
  return pointer
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** The value that a path leads to; undefined where it leads nowhere. */
export function valueAt(value: unknown, path: readonly string[]): unknown {
  let current = value;
  for (const part of path) {
    if (Array.isArray(current)) current = current[Number(part)];
    else if (isRecord(current) && Object.hasOwn(current, part)) current = current[part];
    else return undefined;
  }
  return current;
}

/** The schema of the value that a path leads to; undefined where the schema does not know it. */
export function schemaAt(schema: unknown, path: readonly string[]): unknown {
  const [part, ...rest] = path;
  if (part === undefined) return schema;
  const { anyOf, properties, items } = keywordsOf(schema);
  if (anyOf) return anyOf.map((branch) => schemaAt(branch, path)).find((found) => found !== undefined);
  if (properties && Object.hasOwn(properties, part)) return schemaAt(properties[part], rest);
  return items === undefined ? undefined : schemaAt(items, rest);
}
