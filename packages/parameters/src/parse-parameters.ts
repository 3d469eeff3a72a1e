import {
  type Field,
  type FieldTable,
  type ParameterValues,
  pictureFields,
  samplerNames,
  samplers,
} from '@easel/contract/fields';
import type { GenerationParameters } from './generation-parameters.ts';
import { type PromptLines, readLoras, splitPrompts, withoutLoraTags } from './prompt-lines.ts';
import { isName, parseSettings } from './settings-line.ts';

/** The part of `GenerationParameters` that a text contains; a text of another tool contains less of it. */
export interface ParsedParameters extends Partial<GenerationParameters> {
  readonly prompt: string;
  readonly negativePrompt: string | null;
  readonly seed: bigint | null;
  /** Unknown settings, as in the text. */
  readonly other: ReadonlyMap<string, string>;
}

type Reading = Partial<GenerationParameters>;

const LORA_HASHES = pictureFields.loras.parameter.key;

/** The name in `other` for the text below the line of settings. */
const FURTHER_LINES = 'Further lines';

type Reader = (value: string) => Reading | undefined;

/** How each setting is parsed; undefined: invalid. */
function readersOf(table: FieldTable): ReadonlyMap<string, Reader> {
  const fields = Object.entries(table).flatMap(([name, field]) => {
    const { parameter } = field;
    return parameter === undefined || parameter.own ? [] : [[parameter.key, readerOf(name, field)] as const];
  });
  return new Map<string, Reader>([
    ...fields,
    ['Seed', (value) => (/^-?\d{1,20}$/.test(value) ? { seed: BigInt(value) } : undefined)],
    ['Size', readSize],
    ['Model', (model) => ({ model })],
    ['RNG', (value) => (value === 'CPU' ? {} : undefined)],
    ['Version', (value) => (value.startsWith('Easel ') ? { easelVersion: value.slice('Easel '.length) } : undefined)],
  ]);
}

function readerOf(name: string, { kind, choices, parameter }: Field): Reader {
  if (choices !== undefined) {
    const written = choices.map(
      (choice) => [parameter?.values?.[choice] ?? String(choice), readingOf(name, choice)] as const,
    );
    // the first of two with the same name is meant
    const known = new Map([...written, ...(name === 'scheduler' ? samplersWithSchedules : [])].reverse());
    return (value) => known.get(value);
  }
  if (kind === 'text') return (value) => readingOf(name, value);
  if (kind === 'boolean')
    return (value) => (/^(true|false)$/.test(value) ? readingOf(name, value === 'true') : undefined);
  return (value) => (/^-?\d+(\.\d+)?(e[+-]?\d+)?$/.test(value) ? readingOf(name, Number(value)) : undefined);
}

function readingOf(name: string, value: unknown): Reading;
function readingOf(name: string, value: unknown): Readonly<Record<string, unknown>> {
  return { [name]: value };
}

/** Names ending in the schedule are from older versions of other tools. */
const samplersWithSchedules: readonly (readonly [string, Reading])[] = samplerNames.flatMap((scheduler) =>
  pictureFields.sigmaSchedule.choices.map((sigmaSchedule) => {
    const words = pictureFields.sigmaSchedule.parameter.values;
    return [`${samplers[scheduler].inFiles} ${words[sigmaSchedule]}`, { scheduler, sigmaSchedule }] as const;
  }),
);

const readers = readersOf(pictureFields);

/** The fields that are read according to the table. */
export const parsedFields = Object.keys(pictureFields).filter(isPlain);

function isPlain(name: string): name is keyof ParameterValues {
  const table: FieldTable = pictureFields;
  const { parameter } = table[name] ?? {};
  return parameter !== undefined && !parameter.own;
}

/** The names of the settings that are read if their values are valid. */
export const readSettingNames: ReadonlySet<string> = new Set(readers.keys());

/**
 * Reads a "parameters" text, ours or another tool's: the inverse of `formatParameters`. Never throws: missing or invalid
 * values are left out. A text without a line of settings is all prompt.
 */
export function parseParameters(text: string, table: FieldTable = pictureFields): ParsedParameters {
  const known = table === pictureFields ? readers : readersOf(table);
  const { above, settings, below, isOneLine } = splitText(text.trimEnd());
  const other = new Map<string, string>();
  let read: Reading = {};
  for (const [name, value] of settings) {
    const reading = known.get(name)?.(value);
    if (reading !== undefined) read = { ...read, ...reading };
    else if (!name.startsWith('Exact ')) other.set(name, value);
  }
  if (below !== '') other.set(FURTHER_LINES, below);
  const isOurs = read.easelVersion !== undefined;
  const prompts = isOurs
    ? readPrompts(splitPrompts(above), settings)
    : splitPrompts(above.replace(/\r\n?/g, '\n'), isOneLine);
  const hashes = isOurs ? other.get(LORA_HASHES) : undefined;
  const loras = hashes === undefined ? undefined : readLoras(prompts.prompt, hashes);
  if (loras !== undefined) other.delete(LORA_HASHES);
  const prompt = withoutLoraTags(prompts.prompt, loras ?? []);
  return { seed: null, ...(isOurs && usual), ...read, ...prompts, prompt, ...(loras && { loras }), other };
}

/** What a text of ours means by leaving it out, whatever a server's own default is. */
const usual: Reading = { profile: 'exact' };

/** Whether the text has everything that Easel writes into its own pictures. */
export function isComplete(parsed: ParsedParameters): parsed is ParsedParameters & GenerationParameters {
  const { steps, scheduler, guidanceScale, width, height, model, easelVersion } = parsed;
  return [steps, scheduler, guidanceScale, width, height, model, easelVersion].every((value) => value !== undefined);
}

interface SplitText {
  readonly above: string;
  readonly settings: ReadonlyMap<string, string>;
  /** Lines of extensions of other tools. */
  readonly below: string;
  /** The settings follow the prompts on the same line. */
  readonly isOneLine: boolean;
}

function splitText(text: string): SplitText {
  const lastBreak = text.lastIndexOf('\n');
  const lastLine = text.slice(lastBreak + 1);
  const settings = settingsOf(lastLine);
  if (settings !== null) return { above: text.slice(0, Math.max(lastBreak, 0)), settings, below: '', isOneLine: false };
  const steps = lastMatch(lastLine, /[\s.,]Steps: ?\d+ ?,/g);
  const following = steps === null ? null : settingsOf(lastLine.slice(steps + 1));
  if (steps !== null && following !== null) {
    const above = text.slice(0, lastBreak + 1 + steps + 1).trimEnd();
    return { above, settings: following, below: '', isOneLine: true };
  }
  const line = lastMatch(text, /(?:^|\n)Steps: ?\d+ ?,.*/g);
  const start = line === null || text[line] !== '\n' ? line : line + 1;
  const end = start === null ? -1 : text.indexOf('\n', start);
  const earlier = start === null || end < 0 ? null : settingsOf(text.slice(start, end).trimEnd());
  if (start === null || earlier === null) return { above: text, settings: new Map(), below: '', isOneLine: false };
  return {
    above: text.slice(0, Math.max(start - 1, 0)),
    settings: earlier,
    below: text.slice(end + 1),
    isOneLine: false,
  };
}

/**
 * Null where the line is part of a prompt: it does not begin with a setting, or has fewer than three, which is the
 * rule of the tools that introduced the format.
 */
function settingsOf(line: string): ReadonlyMap<string, string> | null {
  const first = line.slice(0, Math.max(line.indexOf(':'), 0));
  // "a boat Steps: 20, …" is a prompt and its settings on one line.
  if (!isName(first) || /(?:^|\s)Negative prompt$|\sSteps$/.test(first)) return null;
  const settings = parseSettings(line);
  return settings.size < 3 ? null : settings;
}

function lastMatch(text: string, expression: RegExp): number | null {
  let last: number | null = null;
  for (const { index } of text.matchAll(expression)) last = index;
  return last;
}

function readPrompts({ prompt, negativePrompt }: PromptLines, settings: ReadonlyMap<string, string>): PromptLines {
  const exactNegative = settings.get('Exact negative');
  const exactPrompt = settings.get('Exact prompt');
  if (exactPrompt !== undefined) return { prompt: exactPrompt, negativePrompt: exactNegative ?? null };
  return { prompt, negativePrompt: exactNegative ?? negativePrompt };
}

function readSize(value: string): Reading | undefined {
  const size = /^(\d{1,9})x(\d{1,9})$/.exec(value);
  return size === null ? undefined : { width: Number(size[1]), height: Number(size[2]) };
}
