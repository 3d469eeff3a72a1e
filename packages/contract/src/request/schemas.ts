import { type Static, type TObject, type TOptional, type TProperties, type TSchema, type TUnsafe, Type } from 'typebox';
import { limits } from '../limits.ts';
import { sizeContradiction } from '../picture/sizes.ts';
import {
  choice,
  closedObject,
  type FieldNotes,
  matching,
  nullable,
  numberIn,
  openObject,
  textOf,
} from '../schema/define.ts';
import { patterns } from '../schema/patterns.ts';
import { derive, type Field, type FieldTable, type Surface } from './field.ts';
import { pictureFields } from './fields.ts';
import { isOn, notesOn, patternOn, rangeOn, wireName } from './mapping.ts';
import type { RequestOn, ToldRequest } from './shapes.ts';

/** Schemas with a type for each property, so that what is validated has it. */
type PropertiesOf<Shape> = {
  [Key in keyof Shape]-?: undefined extends Shape[Key]
    ? TOptional<TUnsafe<Exclude<Shape[Key], undefined>>>
    : TUnsafe<Shape[Key]>;
};

/**
 * The properties of a surface's request.
 *
 * @example
 * const schema = Type.Object(propertiesOn('segmind'));
 */
export function propertiesOn<On extends Surface>(surface: On): PropertiesOf<RequestOn<On>>;
export function propertiesOn(surface: Surface, table: FieldTable): TProperties;
export function propertiesOn(surface: Surface, table: FieldTable = pictureFields): TProperties {
  const properties = Object.entries(table).flatMap(([name, field]) => {
    if (!isOn(field, surface)) return [];
    const known = wireName(name, surface, {}, table);
    const own = [known, optionalUnless(field, valueSchema(field, surface))] as const;
    const alias = field.wire?.alias;
    if (alias === undefined) return [own];
    const description = `Another name of \`${known}\`; when both are given they must be equal`;
    return [own, [alias, Type.Optional(valueSchema({ ...field, description }, surface))] as const];
  });
  return Object.fromEntries(properties);
}

function optionalUnless({ required }: Field, schema: TSchema): TSchema {
  return required ? schema : Type.Optional(schema);
}

function valueSchema(field: Field, surface: Surface): TSchema {
  const notes = notesOn(field, surface);
  const range = rangeOn(field, surface);
  switch (field.kind) {
    case 'integer':
      return integerOf(field, range, notes);
    case 'number':
      return range === undefined ? Type.Number({ ...notes }) : numberIn(range, notes);
    case 'boolean':
      return Type.Boolean({ ...notes });
    case 'choice':
      return choiceSchema(field, notes);
    case 'loras':
      return Type.Array(loraSchema, { maxItems: range?.max ?? 1, ...notes });
    case 'picture':
      return Type.String({ minLength: 1, ...notes });
    default:
      return textSchema(field, surface, notes);
  }
}

function integerOf({ multipleOf }: Field, range: Field['range'], notes: FieldNotes): TSchema {
  const step = multipleOf === undefined ? {} : { multipleOf };
  const sides = range === undefined ? {} : { minimum: range.min, maximum: range.max };
  return Type.Integer({ ...sides, ...step, ...notes });
}

function choiceSchema({ choices = [] }: Field, notes: FieldNotes): TSchema {
  const numbers = choices.filter((each) => typeof each === 'number');
  return numbers.length > 0 ? Type.Enum(numbers, { type: 'integer', ...notes }) : choice(choices.map(String), notes);
}

function textSchema(field: Field, surface: Surface, notes: FieldNotes): TSchema {
  const { range } = field;
  const pattern = patternOn(field, surface);
  if (pattern !== undefined) return matching(pattern, notes);
  if (range === undefined) return Type.String({ ...notes });
  if (!field.nullable) return textOf(range, notes);
  return nullable(Type.String({ maxLength: range.max, pattern: patterns.text.source }), notes);
}

/** What a job tells of its request: values that are there already, so they need no range. */
export function toldProperties(): PropertiesOf<ToldRequest>;
export function toldProperties(table: FieldTable): TProperties;
export function toldProperties(table: FieldTable = pictureFields): TProperties {
  return derive(table, (name, field) => {
    const { told } = field;
    if (told === undefined) return undefined;
    const { description, examples, min, max, nullable: isNullable = false } = told;
    const limits = { ...(min !== undefined && { minimum: min }), ...(max !== undefined && { maximum: max }) };
    const schema = toldSchema(field, isNullable ? {} : { description, examples, ...limits });
    const whole = isNullable ? nullable(schema, { description, examples }) : schema;
    return [wireName(name, 'api', {}, table), whole];
  });
}

function toldSchema({ kind, choices = [] }: Field, notes: object): TSchema {
  switch (kind) {
    case 'integer':
      return Type.Integer({ ...notes });
    case 'number':
      return Type.Number({ ...notes });
    case 'boolean':
      return Type.Boolean({ ...notes });
    case 'choice':
      return choices.some((each) => typeof each === 'number')
        ? Type.Integer({ ...notes })
        : Type.Enum(choices.map(String), { type: 'string', ...notes });
    case 'loras':
      return Type.Array(toldLoraSchema, { ...notes });
    default:
      return Type.String({ ...notes });
  }
}

const loraName = { description: 'Its name, as the model lists it', examples: ['watercolour'] };
const loraWeight = { description: 'The factor of what it adds; 0 leaves it out', examples: [0.8] };

const loraSchema = closedObject(
  {
    name: matching('loraName', loraName),
    weight: Type.Optional(numberIn(limits.loraWeight, { ...loraWeight, default: 1 })),
  },
  { title: 'LoraChoice', description: 'A LoRA of a request' },
);

const toldLoraSchema = openObject(
  { name: Type.String({ ...loraName }), weight: Type.Optional(Type.Number({ ...loraWeight })) },
  { title: 'Lora', description: 'A LoRA of a job' },
);

/** An object whose fields about the size do not contradict each other. */
function consistent<Properties extends TProperties>(schema: TObject<Properties>) {
  return Type.Refine(
    schema,
    (body) => sizeContradiction(body) === undefined,
    (body) => sizeContradiction(body) ?? '',
  );
}

/** The body of POST /api/jobs. */
export const jobCreateSchema = consistent(
  closedObject(propertiesOn('api'), { title: 'JobCreate', description: 'The body of POST /api/jobs' }),
);

/** The body after the leniency step (`lenientSegmindBody`); fields it does not know are ignored. */
export const segmindRequestSchema = consistent(
  openObject(propertiesOn('segmind'), {
    title: 'SegmindRequest',
    description: 'A picture, as the body of POST /v1/playground-v2.5 and of POST /v2/playground-v2.5',
  }),
);

/** What OpenAI's own models know and these do not. */
const withoutEffect = {
  quality: 'high',
  background: 'auto',
  moderation: 'auto',
  style: 'vivid',
  user: 'user-123',
  input_fidelity: 'high',
};

const openaiProperties = {
  ...propertiesOn('openai'),
  quality: ignoredField('quality'),
  background: ignoredField('background'),
  moderation: ignoredField('moderation'),
  style: ignoredField('style'),
  user: ignoredField('user'),
};

/** The body without nulls (`withoutNulls`); fields it does not know are ignored. */
export const openaiImagesRequestSchema = openObject(openaiProperties, {
  title: 'OpenaiImagesRequest',
  description: 'The body of POST /v1/images/generations',
});

const { image, mask, strength, mask_padding, mask_blur } = propertiesOn('segmind');

/** The same with a picture, and what of it may change. */
export const openaiEditRequestSchema = openObject(
  {
    ...openaiProperties,
    image: Type.Unsafe<string>({ ...image, description: `The picture to edit. ${pictureFields.image.description}` }),
    mask,
    strength,
    mask_padding,
    mask_blur,
    input_fidelity: ignoredField('input_fidelity'),
  },
  { title: 'OpenaiEditRequest', description: 'The body of POST /v1/images/edits' },
);

function ignoredField(name: keyof typeof withoutEffect) {
  return Type.Optional(
    Type.Unknown({ description: `\`${name}\` is accepted and has no effect`, examples: [withoutEffect[name]] }),
  );
}

/** GET /api/price; the text of a query string goes through `fromText` first. */
export const priceQuerySchema = consistent(
  closedObject(
    {
      ...propertiesOn('price'),
      image_size: Type.Optional(
        matching('size', {
          description:
            'The size of the start image, if there is one: what is drawn has its shape where no size is named, and with `upscale` it is enlarged as it is',
          examples: ['3000x2000'],
        }),
      ),
    },
    { title: 'PriceQuery', description: 'What is to be priced; defaults as in a job' },
  ),
);

export type JobCreate = RequestOn<'api'>;
export type SegmindRequest = RequestOn<'segmind'>;
export type OpenaiImagesRequest = Static<typeof openaiImagesRequestSchema>;
export type OpenaiEditRequest = Static<typeof openaiEditRequestSchema>;
export type PriceQuery = RequestOn<'price'> & { image_size?: string };
