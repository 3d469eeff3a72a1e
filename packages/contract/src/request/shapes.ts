import type { Surface, ValueOf } from './field.ts';
import type { PictureFields } from './fields.ts';

/** The shapes that a picture request has on its way, all of them read off the table. */

type Table = PictureFields;
type Name = keyof Table;
type Flat<Shape> = { [Key in keyof Shape]: Shape[Key] };

/** Whether a surface carries a field. */
type IsOn<Of, On extends Surface> = Of extends { wire: { on: readonly (infer Carrier)[] } }
  ? On extends Carrier
    ? true
    : false
  : false;

type NamesOn<On extends Surface> = { [Each in Name]: IsOn<Table[Each], On> extends true ? Each : never }[Name];

/** What a surface calls a field. */
type WireName<Of, On extends Surface> = Of extends { wire: { [Own in On]: { name: infer Told extends string } } }
  ? Told
  : Of extends { wire: { name: infer Told extends string } }
    ? Told
    : never;

type AliasOf<Of> = Of extends { wire: { alias: infer Alias extends string } } ? Alias : never;

/** The body of a request, or the query of a price, as the surface has it. */
export type RequestOn<On extends Surface> = Flat<
  {
    [Each in NamesOn<On> as Table[Each] extends { required: true } ? WireName<Table[Each], On> : never]: ValueOf<
      Table[Each]
    >;
  } & {
    [Each in NamesOn<On> as Table[Each] extends { required: true } ? never : WireName<Table[Each], On>]?: ValueOf<
      Table[Each]
    >;
  } & { [Each in NamesOn<On> as AliasOf<Table[Each]>]?: ValueOf<Table[Each]> }
>;

/** Any fields by their names in code. */
export type FieldValues = { readonly [Each in Name]?: ValueOf<Table[Each]> | undefined };

/** A request in our own words, whichever surface it came by. */
export type PictureRequest = FieldValues & { readonly prompt: string };

type NamesAbout<About> = { [Each in Name]: Table[Each] extends { about: About } ? Each : never }[Name];

/** What a field is once defaults are filled in: null where it has none, or has lost its meaning. */
type Filled<Of> = Of extends { only: string }
  ? ValueOf<Of> | null
  : Of extends { required: true } | { ofModel: true }
    ? ValueOf<Of>
    : Of extends { default: unknown }
      ? ValueOf<Of>
      : ValueOf<Of> | null;

/** What is to be made, every default filled in. */
export type FilledRequest = { readonly [Each in NamesAbout<'picture'>]: Filled<Table[Each]> };

/** What a model draws by itself. */
export type ModelPresets = { readonly [Each in NamesWith<{ ofModel: true }>]: ValueOf<Table[Each]> };

type NamesWith<Part> = { [Each in Name]: Table[Each] extends Part ? Each : never }[Name];

/** What a job tells of its request. */
export type ToldRequest = {
  [Each in NamesWith<{ told: object }> as WireName<Table[Each], 'api'>]: Table[Each] extends {
    told: { nullable: true };
  }
    ? ValueOf<Table[Each]> | null
    : ValueOf<Table[Each]>;
};

/** The part of an engine's request that needs no more than its names. */
export type EngineFields = {
  readonly [Each in NamesWith<{ engine: true }>]?: Exclude<ValueOf<Table[Each]>, null>;
} & {
  readonly schedulerOverrides?: {
    readonly [Each in NamesWith<{ engine: 'schedulerOverrides' }>]?: ValueOf<Table[Each]>;
  };
};

/** The fields that `easel generate` has options for, as it reads them. */
export type OptionValues = { readonly [Each in NamesWith<{ option: object }>]?: Exclude<ValueOf<Table[Each]>, null> };

/** The settings of the form that are a slider, a choice or a checkbox. */
export type ControlValues = {
  readonly [Each in NamesWith<{ form: { control: 'slider' | 'select' | 'check' } }>]: ValueOf<Table[Each]>;
};

type ParameterNames = Exclude<NamesWith<{ parameter: object }>, NamesWith<{ parameter: { own: true } }>>;
type AlwaysTold = NamesWith<{ parameter: { always: true } }>;

/** The entries of the "parameters" text that are written and read as the table says. */
export type ParameterValues = {
  readonly [Each in AlwaysTold]: ValueOf<Table[Each]>;
} & {
  readonly [Each in Exclude<ParameterNames, AlwaysTold>]?: ValueOf<Table[Each]>;
};
