import { isRecord } from '@easel/contract';
import type { TSchema } from 'typebox';
import { configSchema } from './schema.ts';

/** One setting: a leaf of the schema. */
export interface Setting {
  /** As in the file, `worker.idleSeconds`. */
  readonly key: string;
  readonly path: readonly string[];
  /** As in the environment, `EASEL_WORKER_IDLE_SECONDS`. */
  readonly variable: string;
  readonly schema: TSchema;
}

/** All settings, in the order of the schema. */
export const settings: readonly Setting[] = leaves(configSchema, []);

function leaves(schema: TSchema, path: readonly string[]): Setting[] {
  const properties = propertiesOf(schema);
  if (properties === undefined) return [{ key: path.join('.'), path, variable: variableOf(path), schema }];
  return Object.entries(properties).flatMap(([name, child]) => leaves(child, [...path, name]));
}

function propertiesOf(schema: TSchema): Record<string, TSchema> | undefined {
  return 'properties' in schema && isSchemaMap(schema.properties) ? schema.properties : undefined;
}

function isSchemaMap(value: unknown): value is Record<string, TSchema> {
  return isRecord(value);
}

/** `DATABASE_URL` has no prefix: hosting platforms and other tools use this name. */
function variableOf(path: readonly string[]): string {
  const words = path.flatMap((part) => part.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase());
  const name = words.join('_');
  return name === 'DATABASE_URL' ? name : `EASEL_${name}`;
}

/** Settings of one source, nested as in the file; not validated yet. */
export interface SettingTree {
  [name: string]: unknown;
}

export function isSettingTree(value: unknown): value is SettingTree {
  return isRecord(value);
}

export function putSetting(tree: SettingTree, [name, ...rest]: readonly string[], value: unknown): void {
  if (name === undefined) return;
  if (rest.length === 0) {
    tree[name] = value;
    return;
  }
  const child = isSettingTree(tree[name]) ? tree[name] : {};
  tree[name] = child;
  putSetting(child, rest, value);
}

/** Overrides the settings of `below` by those of `above`, one by one, or as a whole where `atomic` names them. */
export function overlaid(below: SettingTree, above: SettingTree, atomic: ReadonlySet<string>): SettingTree {
  const result: SettingTree = { ...below };
  for (const [name, value] of Object.entries(above)) {
    const lower = result[name];
    const nested = isSettingTree(value) && isSettingTree(lower) && !atomic.has(name);
    result[name] = nested ? overlaid(lower, value, atomic) : value;
  }
  return result;
}
