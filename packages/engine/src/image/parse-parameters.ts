import type { GenerationParameters } from './generation-parameters.ts';
import { type PromptLines, splitPrompts } from './prompt-lines.ts';
import { parseSettings } from './settings-line.ts';

/** As much of `GenerationParameters` as a text holds; a text of another tool holds some of it. */
export interface ParsedParameters extends Partial<GenerationParameters> {
  readonly prompt: string;
  readonly negativePrompt: string | null;
  readonly seed: bigint | null;
  /** Settings that mean nothing to us, as they stand in the text. */
  readonly other: ReadonlyMap<string, string>;
}

type Reading = Partial<GenerationParameters>;

/** How each setting is read; undefined: it makes no sense. */
const readers: ReadonlyMap<string, (value: string) => Reading | undefined> = new Map([
  ['Steps', (value) => readNumber(value, (steps) => ({ steps }))],
  ['Sampler', (value) => lookUp(samplers, value)],
  ['Schedule type', (value) => lookUp(sigmaSchedules, value)],
  ['CFG scale', (value) => readNumber(value, (guidanceScale) => ({ guidanceScale }))],
  ['Seed', (value) => (/^-?\d{1,20}$/.test(value) ? { seed: BigInt(value) } : undefined)],
  ['Size', readSize],
  ['Model', (model) => ({ model })],
  ['Denoising strength', (value) => readNumber(value, (strength) => ({ strength }))],
  ['RNG', (value) => (value === 'CPU' ? {} : undefined)],
  ['Guidance rescale', (value) => readNumber(value, (guidanceRescale) => ({ guidanceRescale }))],
  ['Solver order', (value) => lookUp(solverOrders, value)],
  ['Solver type', (value) => lookUp(solverTypes, value)],
  ['Prompt 2', (prompt2) => ({ prompt2 })],
  ['Negative prompt 2', (negativePrompt2) => ({ negativePrompt2 })],
  ['Version', (value) => (value.startsWith('Easel ') ? { easelVersion: value.slice('Easel '.length) } : undefined)],
]);

/** The names with the schedule at the end are those of older versions of other tools. */
const samplers: Readonly<Record<string, Reading>> = {
  'DPM++ 2M': { scheduler: 'edm_dpmpp_2m' },
  'DPM++ 2M Karras': { scheduler: 'edm_dpmpp_2m', sigmaSchedule: 'karras' },
  'DPM++ 2M Exponential': { scheduler: 'edm_dpmpp_2m', sigmaSchedule: 'exponential' },
  Euler: { scheduler: 'edm_euler' },
};
const sigmaSchedules: Readonly<Record<string, Reading>> = {
  Karras: { sigmaSchedule: 'karras' },
  Exponential: { sigmaSchedule: 'exponential' },
};
const solverOrders: Readonly<Record<string, Reading>> = {
  1: { solverOrder: 1 },
  2: { solverOrder: 2 },
  3: { solverOrder: 3 },
};
const solverTypes: Readonly<Record<string, Reading>> = {
  midpoint: { solverType: 'midpoint' },
  heun: { solverType: 'heun' },
};

/**
 * Reads a "parameters" text, ours or another tool's, and undoes `formatParameters`. Never throws: what is missing or makes no
 * sense is left out. A text without a line of settings is all prompt.
 */
export function parseParameters(text: string): ParsedParameters {
  const lines = text.trimEnd();
  const lastBreak = lines.lastIndexOf('\n');
  const settings = parseSettings(lines.slice(lastBreak + 1));
  // The rule of the tools that coined the form: a last line with fewer settings belongs to the prompts.
  if (settings.size < 3) return { ...splitPrompts(text), seed: null, other: new Map() };
  const prompts = readPrompts(lines.slice(0, Math.max(lastBreak, 0)), settings);
  const other = new Map<string, string>();
  let read: Reading = {};
  for (const [name, value] of settings) {
    const reading = readers.get(name)?.(value);
    if (reading !== undefined) read = { ...read, ...reading };
    else if (!name.startsWith('Exact ')) other.set(name, value);
  }
  return { seed: null, ...read, ...prompts, other };
}

function readPrompts(above: string, settings: ReadonlyMap<string, string>): PromptLines {
  const exactNegative = settings.get('Exact negative');
  const exactPrompt = settings.get('Exact prompt');
  if (exactPrompt !== undefined) return { prompt: exactPrompt, negativePrompt: exactNegative ?? null };
  const { prompt, negativePrompt } = splitPrompts(above);
  return { prompt, negativePrompt: exactNegative ?? negativePrompt };
}

function readNumber(value: string, as: (value: number) => Reading): Reading | undefined {
  return /^-?\d+(\.\d+)?(e[+-]?\d+)?$/.test(value) ? as(Number(value)) : undefined;
}

function readSize(value: string): Reading | undefined {
  const size = /^(\d{1,9})x(\d{1,9})$/.exec(value);
  return size === null ? undefined : { width: Number(size[1]), height: Number(size[2]) };
}

function lookUp(table: Readonly<Record<string, Reading>>, value: string): Reading | undefined {
  return Object.hasOwn(table, value) ? table[value] : undefined;
}
