import type { Range } from '../limits.ts';
import type { Size } from '../picture/aspect-ratios.ts';
import type { patterns } from '../schema/patterns.ts';

/**
 * Where a request for pictures comes from over HTTP: our own `POST /api/jobs`, Segmind's v1 and v2, OpenAI's images. `price` is
 * `GET /api/price`, which takes the fields that the price depends on.
 */
export type Surface = 'api' | 'segmind' | 'openai' | 'price';

/** What a field is about: the picture itself, its size in other words, the job around it, or only the reply. `local`: no surface has it. */
type Subject = 'picture' | 'size' | 'job' | 'reply' | 'local';

/** What the API page shows of a field on one surface, and what that surface takes, where it differs from the others. */
interface OnSurface {
  readonly name?: string;
  readonly range?: Range;
  readonly pattern?: 'any';
  readonly default?: unknown;
  readonly description?: string;
  readonly examples?: readonly unknown[];
}

interface Wire {
  /** On every surface that has no name of its own for it. */
  readonly name: string;
  readonly on: readonly Surface[];
  /** Another name of it on the surfaces that have no name of their own; when both are sent they must be equal. */
  readonly alias?: string;
  /** The field that carries it on the surfaces that have none for it alone. */
  readonly within?: string;
  readonly api?: OnSurface;
  readonly segmind?: OnSurface;
  readonly openai?: OnSurface;
}

/** How a job tells it, in the reply. */
interface Told {
  readonly description: string;
  readonly examples: readonly unknown[];
  readonly min?: number;
  readonly max?: number;
  readonly nullable?: true;
}

export const optionGroups = ['Picture:', 'Output:', 'Model:', 'Start image:', 'Sampling:'] as const;

/** An option of `easel generate`. The range and the default are added to the help. */
interface CliOption {
  readonly flags: string;
  readonly help: string;
  /** What follows the range. */
  readonly note?: string;
  readonly group: (typeof optionGroups)[number];
  /** What the engine takes beyond the surfaces, where the pictures are made without a server. */
  readonly range?: Range;
  readonly default?: number;
  /** More spellings of its choices. */
  readonly spellings?: readonly string[];
}

/** A control of the page's form. `own`: the form has a component just for it. */
interface FormControl {
  readonly label: string;
  readonly control: 'slider' | 'select' | 'check' | 'own';
  readonly place?: 'main' | 'more' | 'start';
  /** Of the slider, where it is not the field's own. */
  readonly step?: number;
  /** What the form begins with, where it is not what a silent request gets. */
  readonly default?: unknown;
  /** The short name in an address such as `/?steps=30`; the field's name on the wire is read, too. */
  readonly address?: string;
}

/** An entry of the "parameters" text of a picture's file. */
interface Parameter {
  readonly key: string;
  /** It is written and read in a way of its own. */
  readonly own?: true;
  /** A text of ours always has it. */
  readonly always?: true;
  /** What models do by themselves: worth no mention. */
  readonly usual?: string | number;
  /** How the values are written there, where it is not as they are. */
  readonly values?: Readonly<Record<string, string>>;
  /** The numbers of other tools' files that are believed. */
  readonly believable?: Range;
}

/** One field of a picture request, with all that any part of Easel knows of it. See docs/CONTRIBUTING.md, "A new field of a request". */
export interface Field {
  readonly kind: 'text' | 'integer' | 'number' | 'boolean' | 'choice' | 'size' | 'point' | 'picture' | 'loras';
  readonly about: Subject;
  /** How sentences call it. */
  readonly words: string;
  readonly description?: string;
  readonly examples?: readonly unknown[];
  /** Of a number; of a text its length in code points. */
  readonly range?: Range;
  /** Of a number: only multiples of it. */
  readonly multipleOf?: number;
  readonly choices?: readonly (string | number)[];
  /** What people call the choices. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly pattern?: keyof typeof patterns;
  /** null is one of its values. */
  readonly nullable?: true;
  readonly required?: true;
  /** What a silent request gets; absent: nothing, or with `ofModel` the model's own. */
  readonly default?: string | number | boolean | null;
  /** A model has a default of its own. */
  readonly ofModel?: true;
  /** Means something only together with this field. */
  readonly only?: string;
  readonly wire?: Wire;
  readonly told?: Told;
  /** The engine's request has it under the same name, or within the object of this name. */
  readonly engine?: true | 'schedulerOverrides';
  readonly option?: CliOption;
  readonly form?: FormControl;
  readonly parameter?: Parameter;
}

/** The fields by their names in code. */
export type FieldTable = Readonly<Record<string, Field>>;

/** An object read off the table. @param entry what a field gives it, key and value; undefined: nothing */
export function derive<Value>(
  table: FieldTable,
  entry: (name: string, field: Field) => readonly [key: string, value: Value] | undefined,
): Record<string, Value> {
  const entries = Object.entries(table).map(([name, field]) => entry(name, field));
  return Object.fromEntries(entries.filter((each) => each !== undefined));
}

/** A LoRA of a request, by the name that the model lists it under. */
export interface LoraChoice {
  readonly name: string;
  /** Absent: 1. */
  readonly weight?: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** What a field's values are in code. */
export type ValueOf<Of> = Of extends { choices: readonly (infer Choice)[] }
  ? Choice
  : Of extends { kind: 'integer' | 'number' }
    ? number
    : Of extends { kind: 'boolean' }
      ? boolean
      : Of extends { kind: 'loras' }
        ? readonly LoraChoice[]
        : Of extends { kind: 'size' }
          ? Size
          : Of extends { kind: 'point' }
            ? Point
            : Of extends { nullable: true }
              ? string | null
              : string;
