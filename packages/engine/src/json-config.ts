import { EngineError } from './errors.ts';
import { isJsonObject, readModelObject, rejectFile } from './model-files.ts';

/** A configuration file of a checkpoint. Reading a key checks its type, so that every error names the file and the key. */
export class JsonConfig {
  readonly file: string;
  readonly #values: ReadonlyMap<string, unknown>;

  constructor(values: unknown, file: string) {
    if (!isJsonObject(values)) rejectFile(file, 'must hold a JSON object');
    this.file = file;
    this.#values = new Map(Object.entries(values));
  }

  /** @throws EngineError `model_file_missing` or `model_config_invalid` */
  static async read(file: string): Promise<JsonConfig> {
    return new JsonConfig(await readModelObject(file), file);
  }

  /** The same configuration with some values replaced. */
  with(values: Readonly<Record<string, unknown>>): JsonConfig {
    return new JsonConfig({ ...Object.fromEntries(this.#values), ...values }, this.file);
  }

  /** The same configuration with defaults for absent values. */
  over(defaults: Readonly<Record<string, unknown>>): JsonConfig {
    const given = [...this.#values].filter(([, value]) => value !== null && value !== undefined);
    return new JsonConfig({ ...defaults, ...Object.fromEntries(given) }, this.file);
  }

  /** The nested configuration under a key. */
  within(key: string): JsonConfig {
    const value = this.#get(key);
    if (!isJsonObject(value)) throw this.#wrong(key, 'an object');
    return new JsonConfig(value, this.file);
  }

  /** Absent and null are the same, as in the reference's configs. */
  has(key: string): boolean {
    return this.#get(key) !== undefined;
  }

  /** Where the reference means something else by null than by an absent key. */
  isNull(key: string): boolean {
    return this.#values.get(key) === null;
  }

  int(key: string, fallback?: number): number {
    const value = this.#get(key) ?? fallback;
    if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return value;
    throw this.#wrong(key, 'a positive whole number');
  }

  number(key: string, fallback?: number): number {
    const value = this.#get(key) ?? fallback;
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    throw this.#wrong(key, 'a number');
  }

  boolean(key: string, fallback: boolean): boolean {
    const value = this.#get(key) ?? fallback;
    if (typeof value === 'boolean') return value;
    throw this.#wrong(key, 'true or false');
  }

  string(key: string, fallback?: string): string {
    const value = this.#get(key) ?? fallback;
    if (typeof value === 'string') return value;
    throw this.#wrong(key, 'a string');
  }

  strings(key: string): readonly string[] {
    const value = this.#get(key);
    if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
    throw this.#wrong(key, 'a list of strings');
  }

  /** A list of positive integers; a single one is repeated `count` times, as in the reference. */
  ints(key: string, count?: number): readonly number[] {
    const value = this.#get(key);
    const list = typeof value === 'number' && count !== undefined ? new Array<number>(count).fill(value) : value;
    const isInt = (item: unknown): item is number => Number.isSafeInteger(item) && Number(item) > 0;
    if (Array.isArray(list) && list.every(isInt) && (count === undefined || list.length === count)) return list;
    throw this.#wrong(key, `a list of ${count ?? ''} positive whole numbers`);
  }

  /** A list of so many values of any kind; a single one is repeated. */
  list(key: string, count: number): readonly unknown[] {
    const value = this.#get(key);
    const list: unknown = Array.isArray(value) ? value : new Array<unknown>(count).fill(value);
    if (Array.isArray(list) && list.length === count) return list;
    throw this.#wrong(key, `a list of ${count} values`);
  }

  numbers(key: string): readonly number[] | undefined {
    const value = this.#get(key);
    if (value === undefined) return undefined;
    if (Array.isArray(value) && value.every((item) => typeof item === 'number' && Number.isFinite(item))) return value;
    throw this.#wrong(key, 'a list of numbers');
  }

  /** Rejects an architecture option this engine does not implement; absent counts as the first allowed value. */
  require(key: string, ...allowed: readonly (string | number | boolean | null)[]): void {
    const value = this.#values.get(key) ?? null;
    if (!this.#values.has(key) || allowed.some((item) => item === value)) return;
    const given = JSON.stringify(value);
    const list = allowed.map((item) => JSON.stringify(item)).join(' or ');
    throw new EngineError('model_unsupported', `${this.file}: ${key} is ${given}, this engine implements ${list}`, {
      remedy: 'use a model of the Playground v2.5 / SDXL architecture',
      details: { file: this.file },
    });
  }

  #get(key: string): unknown {
    return this.#values.get(key) ?? undefined;
  }

  #wrong(key: string, wanted: string): EngineError {
    const given = JSON.stringify(this.#values.get(key)) ?? 'nothing';
    return new EngineError('model_config_invalid', `${this.file}: ${key} must be ${wanted} (got ${given})`, {
      details: { file: this.file },
    });
  }
}
