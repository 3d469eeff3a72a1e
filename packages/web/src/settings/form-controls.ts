import { type ControlValues, type Field, type FieldTable, type Model, pictureFields, wireName } from '@easel/contract';

export type ControlPlace = 'main' | 'more' | 'start';

interface Named {
  /** The name of the field in code, and of the setting. */
  readonly name: string;
  readonly label: string;
  readonly place: ControlPlace;
}

/** A number in the form. */
export interface SliderControl extends Named {
  readonly kind: 'slider';
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly isStepped: boolean;
  readonly initial: number;
}

/** A choice in the form. */
export interface SelectControl extends Named {
  readonly kind: 'select';
  readonly choices: readonly { readonly value: string; readonly label: string }[];
  readonly initial: string;
}

/** A checkbox in the form. */
export interface CheckControl extends Named {
  readonly kind: 'check';
  readonly initial: boolean;
}

export type FormControl = SliderControl | SelectControl | CheckControl;

/** The controls of the table of fields, with the values that the model allows; fields with a component of their own are left out. */
export function formControls(model: Pick<Model, 'parameters'>, table: FieldTable = pictureFields): FormControl[] {
  return Object.entries(table).flatMap(([name, field]): FormControl[] => {
    const { form } = field;
    if (form === undefined || form.control === 'own') return [];
    const allowed = model.parameters[wireName(name, 'api', {}, table)] ?? {};
    const named = { name, label: form.label, place: form.place ?? 'main' };
    const initial = form.default ?? allowed.default ?? field.default;
    if (form.control === 'select')
      return [{ ...named, kind: 'select', ...choicesOf(field, allowed.choices), initial: String(initial) }];
    if (form.control === 'check') return [{ ...named, kind: 'check', initial: initial === true }];
    const { min, max } = field.range ?? { min: 0, max: 1 };
    return [
      {
        ...named,
        kind: 'slider',
        min: allowed.minimum ?? min,
        max: allowed.maximum ?? max,
        step: form.step ?? 1,
        isStepped: field.kind === 'integer',
        initial: Number(initial),
      },
    ];
  });
}

function choicesOf({ choices = [], labels = {} }: Field, allowed: readonly string[] | undefined) {
  const values = allowed ?? choices.map(String);
  return { choices: values.map((value) => ({ value, label: labels[value] ?? value })) };
}

/** The initial values of the controls. */
export function controlDefaults(model: Pick<Model, 'parameters'>): ControlValues;
export function controlDefaults(
  model: Pick<Model, 'parameters'>,
  table: FieldTable,
): Readonly<Record<string, string | number | boolean>>;
export function controlDefaults(
  model: Pick<Model, 'parameters'>,
  table: FieldTable = pictureFields,
): Readonly<Record<string, string | number | boolean>> {
  return Object.fromEntries(formControls(model, table).map(({ name, initial }) => [name, initial]));
}

/**
 * Reads the values of the controls from storage or an address. A number out of range is left out; a choice that the model does not support
 * is kept, because the form shows it by name, marked as not supported.
 */
export function controlValues(
  model: Pick<Model, 'parameters'>,
  value: (name: string) => unknown,
): Partial<ControlValues> {
  const found = formControls(model).flatMap((control) => {
    const given = value(control.name);
    return isAllowed(control, given) ? [[control.name, given] as const] : [];
  });
  return settingsFrom(found);
}

function isAllowed(control: FormControl, value: unknown): boolean {
  if (control.kind === 'check') return typeof value === 'boolean';
  if (control.kind === 'select') return typeof value === 'string' && value !== '' && value.length <= LONGEST_CHOICE;
  if (typeof value !== 'number' || !(value >= control.min && value <= control.max)) return false;
  return !control.isStepped || Number.isInteger(value / control.step);
}

const LONGEST_CHOICE = 100;

function settingsFrom(entries: readonly (readonly [string, unknown])[]): Partial<ControlValues>;
function settingsFrom(entries: readonly (readonly [string, unknown])[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(entries);
}

/** The choices of a select, with the current value added if it is not among them: it is never replaced silently. */
export function choicesWith({ choices }: SelectControl, value: string): SelectControl['choices'] {
  if (choices.some((choice) => choice.value === value)) return choices;
  return [...choices, { value, label: `${value} (not supported by this model)` }];
}
