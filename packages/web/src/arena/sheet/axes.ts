import type { Model } from '@easel/contract';
import { limits } from '@easel/contract';
import { choicesWith, formControls } from '../../settings/form-controls.ts';
import type { Settings } from '../../settings/settings.ts';

/** What can vary along one side of a sheet. */
export const axisKinds = [
  'none',
  'steps',
  'guidanceScale',
  'seed',
  'scheduler',
  'profile',
  'strength',
  'prompt',
] as const;
export type AxisKind = (typeof axisKinds)[number];

export const axisNames: Readonly<Record<AxisKind, string>> = {
  none: 'Nothing',
  steps: 'Steps',
  guidanceScale: 'Guidance',
  seed: 'Seed',
  scheduler: 'Sampler',
  profile: 'Profile',
  strength: 'Strength',
  prompt: 'Part of the prompt',
};

export type AxisValue = string | number;

/** One side of a sheet. */
export interface Axis {
  readonly kind: AxisKind;
  readonly values: readonly AxisValue[];
}

/** The values that were typed, or why they are none. */
export type ParsedAxis = { readonly values: readonly AxisValue[] } | { readonly fault: string };

export const LARGEST_SHEET = 100;

/** What the form suggests for a kind. */
export function suggestion(kind: AxisKind, model: Model, { prompt }: Pick<Settings, 'prompt'>): string {
  if (kind === 'steps') return '10-30 (+10)';
  if (kind === 'guidanceScale') return '2, 3, 5';
  if (kind === 'seed') return '1-4';
  if (kind === 'strength') return '0.4-0.8 (+0.2)';
  if (kind === 'prompt') return prompt.split(' ').at(-1) ?? '';
  return choicesOf(kind, model)
    .map(({ value }) => value)
    .join(', ');
}

/** The choices of a kind that has some. */
export function choicesOf(kind: AxisKind, model: Model): readonly { readonly value: string; readonly label: string }[] {
  const control = formControls(model).find(({ name }) => name === kind);
  return control?.kind === 'select' ? choicesWith(control, control.initial) : [];
}

/** Reads the values of an axis: a list, in which numbers may be ranges. */
export function parseAxis(kind: AxisKind, text: string, model: Model, settings: Settings): ParsedAxis {
  if (kind === 'none') return { values: [''] };
  if (kind === 'strength' && settings.startImage === null)
    return { fault: 'Strength needs a start image: choose one in the playground first' };
  const parts = splitList(text);
  if (parts.length === 0) return { fault: 'Enter at least one value' };
  if (kind === 'prompt') return parsePromptParts(parts, settings.prompt);
  if (kind === 'scheduler' || kind === 'profile') return parseChoices(parts, choicesOf(kind, model));
  return parseNumbers(parts, axisNames[kind], rangeOf(kind, model));
}

interface NumberRange {
  readonly min: number;
  readonly max: number;
  readonly isWhole: boolean;
}

function rangeOf(kind: AxisKind, model: Model): NumberRange {
  if (kind === 'seed') return { min: 0, max: limits.seed.max, isWhole: true };
  const control = formControls(model).find(({ name }) => name === kind);
  return control?.kind === 'slider'
    ? { min: control.min, max: control.max, isWhole: control.isStepped }
    : { min: 0, max: 1, isWhole: false };
}

/** `10-30`, `10-30 (+5)`, `30-10 (-5)` and `1-3 [5]`, which are five numbers, as in AUTOMATIC1111's X/Y/Z plot. */
const rangePattern =
  /^(\d+(?:\.\d+)?)\s*[-–]\s*(\d+(?:\.\d+)?)(?:\s*\(\s*([+-]?\d+(?:\.\d+)?)\s*\)|\s*\[\s*(\d+)\s*\])?$/;

function parseNumbers(parts: readonly string[], name: string, { min, max, isWhole }: NumberRange): ParsedAxis {
  const found: number[] = [];
  for (const part of parts) {
    const range = rangePattern.exec(part);
    const numbers = range === null ? [Number(part)] : numbersOfRange(range, isWhole);
    if (numbers === undefined) return { fault: `${part}: the step leads away from the end` };
    found.push(...numbers);
    if (found.length > LARGEST_SHEET) return { fault: `${name}: more than ${LARGEST_SHEET} values` };
  }
  for (const number of found) {
    if (Number.isNaN(number)) return { fault: `${name}: numbers or ranges such as 10-30 (+5), with commas between` };
    if (isWhole && !Number.isInteger(number)) return { fault: `${name}: ${number} is not a whole number` };
    if (number < min || number > max) return { fault: `${name}: ${number} is not from ${min} to ${max}` };
  }
  return { values: [...new Set(found)] };
}

/** @returns undefined for a step that never arrives */
function numbersOfRange([, first, last, step, count]: RegExpExecArray, isWhole: boolean): number[] | undefined {
  const [start, end] = [Number(first), Number(last)];
  if (count !== undefined) {
    const parts = Math.max(1, Number(count) - 1);
    if (parts >= LARGEST_SHEET) return Array<number>(parts + 1).fill(start);
    const exact = Array.from({ length: Number(count) }, (_, index) => start + ((end - start) * index) / parts);
    return exact.map((value) => (isWhole ? Math.round(value) : Number(value.toFixed(6))));
  }
  const by = step === undefined ? Math.sign(end - start || 1) : Number(step);
  if (by === 0 || (end - start) / by < 0) return undefined;
  const most = Math.min(Math.floor((end - start) / by + 1e-9), LARGEST_SHEET);
  return Array.from({ length: most + 1 }, (_, index) => Number((start + index * by).toFixed(6)));
}

function parseChoices(parts: readonly string[], choices: readonly { readonly value: string }[]): ParsedAxis {
  const unknown = parts.find((part) => !choices.some(({ value }) => value === part));
  return unknown === undefined
    ? { values: [...new Set(parts)] }
    : { fault: `${unknown} is none of ${choices.map(({ value }) => value).join(', ')}` };
}

/** The first part is searched for in the prompt, and the others replace it, as in AUTOMATIC1111's "Prompt S/R". */
function parsePromptParts(parts: readonly string[], prompt: string): ParsedAxis {
  const [wanted = ''] = parts;
  if (!prompt.includes(wanted)) return { fault: `The prompt does not contain “${wanted}”, the first of the parts` };
  return parts.length === 1 ? { fault: 'Enter what replaces it, too' } : { values: [...new Set(parts)] };
}

/** The parts of a list; in double quotes they may contain commas. */
function splitList(text: string): string[] {
  return [...text.matchAll(/\s*(?:"([^"]*)"|([^,]*?))\s*(?:,|$)/g)]
    .map(([, quoted, plain = '']) => quoted ?? plain)
    .filter((part) => part !== '');
}

/** The settings of a cell: one value of an axis, in place of what they had. */
export function withValue(settings: Settings, { kind, values }: Axis, index: number): Settings {
  const value = values[index];
  if (kind === 'none' || value === undefined) return settings;
  if (kind === 'prompt')
    return { ...settings, prompt: settings.prompt.replaceAll(String(values[0] ?? ''), () => String(value)) };
  return { ...settings, [kind]: value };
}

/** What stands at a row or column. */
export function labelOf({ kind, values }: Axis, index: number): string {
  return kind === 'none' ? '' : kind === 'prompt' ? String(values[index]) : `${axisNames[kind]}: ${values[index]}`;
}
