/** The JSON Schema keywords that say what a value may be, read from a schema of unknown kind. */
export interface Keywords {
  readonly type: string | undefined;
  readonly enum: readonly unknown[] | undefined;
  readonly const: unknown;
  readonly anyOf: readonly unknown[] | undefined;
  readonly minimum: number | undefined;
  readonly maximum: number | undefined;
  readonly exclusiveMinimum: number | undefined;
  readonly multipleOf: number | undefined;
  readonly minLength: number | undefined;
  readonly maxLength: number | undefined;
  readonly minItems: number | undefined;
  readonly format: string | undefined;
  readonly pattern: string | undefined;
  readonly properties: Readonly<Record<string, unknown>> | undefined;
  /** The schema of properties with chosen names, where all of them have one. */
  readonly others: unknown;
  readonly items: unknown;
  readonly required: readonly unknown[];
}

export function keywordsOf(schema: unknown): Keywords {
  const record = isRecord(schema) ? schema : {};
  return {
    type: stringOf(record.type),
    enum: arrayOf(record.enum),
    const: record.const,
    anyOf: arrayOf(record.anyOf),
    minimum: numberOf(record.minimum),
    maximum: numberOf(record.maximum),
    exclusiveMinimum: numberOf(record.exclusiveMinimum),
    multipleOf: numberOf(record.multipleOf),
    minLength: numberOf(record.minLength),
    maxLength: numberOf(record.maxLength),
    minItems: numberOf(record.minItems),
    format: stringOf(record.format),
    pattern: stringOf(record.pattern),
    properties: isRecord(record.properties) ? record.properties : undefined,
    others: isRecord(record.patternProperties) ? Object.values(record.patternProperties)[0] : undefined,
    items: record.items,
    required: arrayOf(record.required) ?? [],
  };
}

/** The schemas of an object's own properties; of a union, those of its objects. */
export function propertiesOf(schema: unknown): Readonly<Record<string, unknown>> {
  const { properties = {}, anyOf = [] } = keywordsOf(schema);
  return Object.assign({ ...properties }, ...anyOf.map(propertiesOf));
}

/** Whether it is a JSON object. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function stringOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function arrayOf(value: unknown): readonly unknown[] | undefined {
  return Array.isArray(value) ? value : undefined;
}
