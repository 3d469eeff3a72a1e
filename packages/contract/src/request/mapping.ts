import type { ModelParameter } from '../api/model.ts';
import type { Fault } from '../errors.ts';
import { isWithin, type Range } from '../limits.ts';
import { derive, type Field, type FieldTable, type Surface } from './field.ts';
import { type FieldName, pictureFields } from './fields.ts';
import type {
  EngineFields,
  FieldValues,
  FilledRequest,
  ModelPresets,
  ParameterValues,
  PictureRequest,
  RequestOn,
  ToldRequest,
} from './shapes.ts';

/** What a client calls the fields that our own API calls something else, or that have several names. */
export type CalledNames = Readonly<Record<string, string>>;

export function isOn({ wire }: Field, surface: Surface): boolean {
  return wire?.on.includes(surface) === true;
}

function own({ wire }: Field, surface: Surface) {
  return surface === 'price' ? undefined : wire?.[surface];
}

/** The range of a number on a surface. */
export function rangeOn(field: Field, surface: Surface): Range | undefined {
  return own(field, surface)?.range ?? field.range;
}

/** The pattern of a text on a surface. */
export function patternOn(field: Field, surface: Surface): Field['pattern'] {
  return own(field, surface)?.pattern === 'any' ? undefined : field.pattern;
}

/** What the API page shows of a field on a surface, its default there among it. */
export function notesOn(field: Field, surface: Surface) {
  const differing = own(field, surface);
  const preset = differing?.default ?? field.default;
  return {
    description: differing?.description ?? field.description ?? field.words,
    examples: differing?.examples ?? field.examples ?? [],
    ...(preset !== undefined && { default: preset }),
  };
}

/**
 * What a surface calls a field, for messages about it.
 *
 * @param called the names by which this request called its fields, see `calledNames`
 * @example
 * wireName('steps', 'api'); // 'num_inference_steps'
 * wireName('width', 'openai'); // 'size'
 */
export function wireName(
  name: string,
  surface: Surface,
  called: CalledNames = {},
  table: FieldTable = pictureFields,
): string {
  const field = Object.hasOwn(table, name) ? table[name] : undefined;
  const { wire } = field ?? {};
  if (field === undefined || wire === undefined) return name;
  if (called[name] !== undefined) return called[name];
  if (isOn(field, surface)) return own(field, surface)?.name ?? wire.name;
  return wire.within === undefined ? wire.name : wireName(wire.within, surface, called, table);
}

/** What the client that sent a body calls the fields that our own API calls something else: its surface's names, and the other names that it used. */
export function calledNames(
  body: Readonly<Record<string, unknown>>,
  surface: Surface,
  table: FieldTable = pictureFields,
): CalledNames {
  return derive(table, (name, field) => {
    const usual = wireName(name, surface, {}, table);
    const alias = isOn(field, surface) ? field.wire?.alias : undefined;
    if (alias !== undefined && body[alias] !== undefined && body[usual] === undefined) return [name, alias];
    return usual === wireName(name, 'api', {}, table) ? undefined : [name, usual];
  });
}

/** A message about a field in the words of who sent it: where it begins with our name of the field, it begins with theirs. */
export function inWireNames(
  { message, param }: { readonly message: string; readonly param?: string | null | undefined },
  surface: Surface,
  called: CalledNames = {},
): { readonly message: string; readonly param?: string } {
  if (param === undefined || param === null) return { message };
  const told = wireName(param, surface, called);
  const isNamed = message.startsWith(`${param} `);
  return { param: told, message: isNamed ? `${told}${message.slice(param.length)}` : message };
}

/**
 * A valid body in our own words: its fields under their names in code, with what a silent request gets on this surface alone.
 *
 * @example
 * readRequest({ prompt: 'a fox', n: 2 }, 'openai'); // { prompt: 'a fox', samples: 2, format: 'png', quality: 100, … }
 */
export function readRequest(body: object & { readonly prompt: string }, surface: Surface): PictureRequest;
export function readRequest(body: object, surface: Surface): FieldValues;
export function readRequest(body: object, surface: Surface, table: FieldTable): Readonly<Record<string, unknown>>;
export function readRequest(
  body: object,
  surface: Surface,
  table: FieldTable = pictureFields,
): Readonly<Record<string, unknown>> {
  const sent = new Map<string, unknown>(Object.entries(body));
  return derive(table, (name, field) => {
    if (!isOn(field, surface)) return undefined;
    const alias = field.wire?.alias;
    const value =
      sent.get(wireName(name, surface, {}, table)) ??
      (alias === undefined ? undefined : sent.get(alias)) ??
      own(field, surface)?.default;
    if (value === undefined) return undefined;
    const isNone = field.nullable && typeof value === 'string' && negativePromptOf(value) === null;
    return [name, isNone ? null : typeof value === 'number' ? nearest(value, field.range) : value];
  });
}

/** A surface may take numbers beyond the field's own, which mean the nearest. */
function nearest(value: number, range: Range | undefined): number {
  return range === undefined ? value : Math.min(range.max, Math.max(range.min, value));
}

/**
 * The body of `POST /api/jobs` for values under their names in code; what has no value, or is no field there, is left out.
 *
 * @example
 * writeRequest({ prompt: 'a fox', steps: 30 }); // { prompt: 'a fox', num_inference_steps: 30 }
 */
export function writeRequest(values: PictureRequest): RequestOn<'api'>;
export function writeRequest(values: object, table: FieldTable): Readonly<Record<string, unknown>>;
export function writeRequest(values: object, table: FieldTable = pictureFields): Readonly<Record<string, unknown>> {
  const known = new Map<string, unknown>(Object.entries(values));
  return derive(table, (name, field) => {
    const value = isOn(field, 'api') ? known.get(name) : undefined;
    return value === undefined ? undefined : [wireName(name, 'api', {}, table), value];
  });
}

/**
 * The request with every default filled in: what it says, else what the model does by itself, else the usual.
 *
 * @param presets of the model, the picture's size among them
 */
export function fillRequest(request: PictureRequest, presets: ModelPresets): FilledRequest;
export function fillRequest(request: object, presets: object, table: FieldTable): Readonly<Record<string, unknown>>;
export function fillRequest(
  request: object,
  presets: object,
  table: FieldTable = pictureFields,
): Readonly<Record<string, unknown>> {
  const [asked, ofModel] = [new Map<string, unknown>(Object.entries(request)), new Map(Object.entries(presets))];
  return derive(table, (name, field) => {
    if (field.about !== 'picture') return undefined;
    const isIdle = field.only !== undefined && (asked.get(field.only) ?? null) === null;
    const usual = field.ofModel ? (ofModel.get(name) ?? field.default) : field.default;
    return [name, isIdle ? null : (asked.get(name) ?? usual ?? null)];
  });
}

/** What a job tells of its request, under the names of our own API. @param values the request's, and the job's own */
export function tellRequest(values: object): ToldRequest;
export function tellRequest(values: object, table: FieldTable): Readonly<Record<string, unknown>>;
export function tellRequest(values: object, table: FieldTable = pictureFields): Readonly<Record<string, unknown>> {
  const known = new Map<string, unknown>(Object.entries(values));
  return derive(table, (name, field) => {
    if (field.told === undefined) return undefined;
    // A job may be older than the field.
    const usual = field.told.nullable ? null : (field.default ?? null);
    return [wireName(name, 'api', {}, table), known.get(name) ?? usual];
  });
}

/** What a job tells, under the names in code; what it has not is left out. */
export function readTold(told: object): FieldValues;
export function readTold(told: object, table: FieldTable): Readonly<Record<string, unknown>>;
export function readTold(told: object, table: FieldTable = pictureFields): Readonly<Record<string, unknown>> {
  const known = new Map<string, unknown>(Object.entries(told));
  return derive(table, (name, field) => {
    const value = field.told && field.about === 'picture' ? known.get(wireName(name, 'api', {}, table)) : undefined;
    return (value ?? undefined) === undefined ? undefined : [name, value];
  });
}

/** The fields that the engine takes as they are. Those without a value are left out, so that its own defaults apply. */
export function engineFields(values: object & { readonly prompt: string }): EngineFields & { readonly prompt: string };
export function engineFields(values: object, table: FieldTable): Readonly<Record<string, unknown>>;
export function engineFields(values: object, table: FieldTable = pictureFields): Readonly<Record<string, unknown>> {
  const known = new Map<string, unknown>(Object.entries(values));
  const at = (place: Field['engine']) =>
    derive(table, (name, { engine }) => {
      const value = engine === place ? (known.get(name) ?? undefined) : undefined;
      return value === undefined ? undefined : [name, value];
    });
  const schedulerOverrides = at('schedulerOverrides');
  return { ...at(true), ...(Object.keys(schedulerOverrides).length > 0 && { schedulerOverrides }) };
}

/**
 * What a picture's file says of these values. Those that mean nothing there, because they are absent or what happens anyway, are left out.
 *
 * @example
 * parameterValues({ steps: 25, guidanceRescale: 0, samples: 4 }); // { steps: 25 }
 */
export function parameterValues(values: object): Partial<ParameterValues>;
export function parameterValues(values: object, table: FieldTable): Readonly<Record<string, unknown>>;
export function parameterValues(values: object, table: FieldTable = pictureFields): Readonly<Record<string, unknown>> {
  const known = new Map<string, unknown>(Object.entries(values));
  return derive(table, (name, { parameter, only, default: preset }) => {
    const value = known.get(name) ?? undefined;
    if (parameter === undefined || parameter.own || value === undefined) return undefined;
    const isUsual = !parameter.always && only === undefined && value === preset;
    return isUsual ? undefined : [name, value];
  });
}

/** What a model allows beyond, or instead of, what the table says. */
export type AllowedValues = Readonly<
  Partial<
    Record<
      FieldName,
      {
        readonly choices?: readonly string[];
        readonly range?: Range;
        /** Why it does not allow all, for messages. */
        readonly because?: string | undefined;
      }
    >
  >
>;

/** What the fields of a request may be with one model, as it is published. @param presets what it draws by itself */
export function modelParameters(
  allowed: AllowedValues,
  presets: object,
  table: FieldTable = pictureFields,
): Record<string, ModelParameter> {
  const [narrowed, ofModel] = [new Map(Object.entries(allowed)), new Map<string, unknown>(Object.entries(presets))];
  return derive(table, (name, field) => {
    const range = narrowed.get(name)?.range ?? field.range;
    const isNumber = field.kind === 'integer' || field.kind === 'number' || typeof field.choices?.[0] === 'number';
    const choices = isNumber ? undefined : (narrowed.get(name)?.choices ?? field.choices?.map(String));
    if (field.about !== 'picture' || !isOn(field, 'api') || !(isNumber || choices !== undefined)) return undefined;
    const preset = ofModel.get(name) ?? field.default;
    const parameter = {
      ...(isNumber && range !== undefined && { minimum: range.min, maximum: range.max }),
      ...(field.multipleOf !== undefined && { multiple_of: field.multipleOf }),
      ...(choices !== undefined && { choices: [...choices] }),
      ...((typeof preset === 'number' || typeof preset === 'string') && { default: preset }),
    };
    return [wireName(name, 'api', {}, table), parameter];
  });
}

/** The first value that the model does not allow, of those that there are; sizes have rules of their own, see `faultOfSize`. */
export function faultOfValues(request: FieldValues | FilledRequest, allowed: AllowedValues): Fault | undefined {
  const values = new Map<string, unknown>(Object.entries(request));
  for (const [name, { choices, range, because }] of Object.entries(allowed)) {
    const value = values.get(name);
    if (value === undefined || value === null) continue;
    const why = because === undefined ? '' : `: ${because}`;
    const got = `with the model ${request.model} (got ${JSON.stringify(value)})${why}`;
    if (choices !== undefined && !choices.some((choice) => choice === value))
      return {
        param: name,
        message: `${name} must be ${choices.length > 1 ? 'one of ' : ''}${choices.join(', ')} ${got}`,
      };
    if (range !== undefined && typeof value === 'number' && !isWithin(value, range))
      return { param: name, message: `${name} must be from ${range.min} to ${range.max} ${got}` };
  }
  return undefined;
}

/** How clients written in other languages spell "nothing" in a JSON string. */
const spellingsOfNone: readonly string[] = ['None', 'NONE'];

/**
 * What a request's `negative_prompt` means. null: no negative prompt (zero embeddings). The empty string is a text like any
 * other and makes another picture.
 *
 * @example
 * negativePromptOf('None'); // null
 * negativePromptOf(''); // ''
 */
export function negativePromptOf(value: string | null | undefined): string | null {
  if (value === undefined || value === null || spellingsOfNone.includes(value)) return null;
  return value;
}
