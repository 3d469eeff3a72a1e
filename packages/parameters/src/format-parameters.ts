import { type Field, type FieldTable, pictureFields } from '@easel/contract/fields';
import type { GenerationParameters } from './generation-parameters.ts';
import { formatLoraHashes, joinPrompts, type PromptLines, splitPrompts, withLoraTags } from './prompt-lines.ts';
import { formatSettings } from './settings-line.ts';

/**
 * The de-facto "parameters" text of Stable Diffusion web UIs: prompt, negative prompt, one line of settings.
 *
 * Names and order are those of the web UIs where they exist, so that these restore what they know: `Sampler` and `Schedule type`,
 * `RNG: CPU` because the noise is that of the CPU generator, and no "Negative prompt" line for an absent *or* empty negative
 * prompt. What these lines cannot express unambiguously (`""` against absent, a prompt that has a line "Negative prompt: …")
 * is in the settings `Exact prompt` and `Exact negative`, which other tools skip. `parseParameters` restores everything.
 *
 * @example
 * ```
 * a red apple
 * Negative prompt: blurry, dark
 * Steps: 25, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 3, Seed: 1, Size: 128x128, Model: demo, RNG: CPU, Version: Easel 1.0.0
 * ```
 */
export function formatParameters(parameters: GenerationParameters, table: FieldTable = pictureFields): string {
  const prompt = withLoraTags(parameters.prompt, parameters.loras);
  const prompts = { prompt, negativePrompt: parameters.negativePrompt ?? null };
  const above = joinPrompts(prompts);
  const settings = formatSettings([
    ...tableSettings(parameters, table),
    ...exactPrompts(prompts, splitPrompts(above)),
    // Never a bare number: other tools would take it for one of their own versions and switch to its old behaviour.
    ...setting('Version', `Easel ${parameters.easelVersion}`),
  ]);
  return above === '' ? settings : `${above}\n${settings}`;
}

type Setting = readonly [name: string, value: string];

function setting(name: string, value: string | number | undefined): Setting[] {
  return value === undefined ? [] : [[name, String(value)]];
}

/** Names and order come from the table. */
function tableSettings(of: GenerationParameters, table: FieldTable): Setting[] {
  const values = new Map<string, unknown>(Object.entries(of));
  return Object.entries(table).flatMap(([name, { parameter }]) => {
    if (parameter === undefined) return [];
    const value = values.get(name);
    const written =
      value === undefined || parameter.own ? undefined : (parameter.values?.[String(value)] ?? String(value));
    return [...setting(parameter.key, written), ...(own[name]?.(of, parameter.key) ?? [])];
  });
}

const own: Readonly<Record<string, (of: GenerationParameters, key: string) => Setting[]>> = {
  seed: ({ seed }, key) => setting(key, seed?.toString()),
  width: ({ width, height }, key) => setting(key, `${width}x${height}`),
  model: ({ model }, key) => setting(key, model),
  loras: ({ loras = [] }, key) => setting(key, loras.length === 0 ? undefined : formatLoraHashes(loras)),
  // Beside the field.
  strength: ({ seed }) => setting('RNG', seed === null ? undefined : 'CPU'),
};

/** Empty when the lines parse back to the same texts. An `Exact prompt` replaces both: the lines are then ignored. */
function exactPrompts(meant: PromptLines, readBack: PromptLines): Setting[] {
  const samePrompt = readBack.prompt === meant.prompt;
  if (samePrompt && readBack.negativePrompt === meant.negativePrompt) return [];
  return [
    ...setting('Exact prompt', samePrompt ? undefined : meant.prompt),
    ...setting('Exact negative', meant.negativePrompt ?? undefined),
  ];
}

/**
 * The text for a file format that limits its size: when it does not fit, its longest texts are truncated as little as necessary, between
 * characters and with "…" at the end; the settings stay complete.
 *
 * @param fits tells whether a text is short enough; it has to allow some hundred characters.
 */
export function formatToFit(parameters: GenerationParameters, fits: (text: string) => boolean): string {
  const whole = formatParameters(parameters);
  if (fits(whole)) return whole;
  let shortest = 0; // known to fit
  let tooLong = whole.length; // known not to
  while (tooLong - shortest > 1) {
    const limit = Math.floor((shortest + tooLong) / 2);
    if (fits(formatParameters(withTextsUpTo(parameters, limit)))) shortest = limit;
    else tooLong = limit;
  }
  return formatParameters(withTextsUpTo(parameters, shortest));
}

function withTextsUpTo(parameters: GenerationParameters, limit: number): GenerationParameters {
  const { prompt, negativePrompt, model } = parameters;
  return {
    ...parameters,
    ...tableTextsUpTo(parameters, limit),
    prompt: cut(prompt, limit),
    model: cut(model, limit),
    ...(negativePrompt && { negativePrompt: cut(negativePrompt, limit) }),
  };
}

function tableTextsUpTo(parameters: GenerationParameters, limit: number): Readonly<Record<string, string>> {
  const texts = Object.entries(parameters).flatMap(([name, value]: [string, unknown]) => {
    const { kind, parameter } = fieldOf(name) ?? {};
    const isText = kind === 'text' && parameter !== undefined && typeof value === 'string';
    return isText ? [[name, cut(value, limit)] as const] : [];
  });
  return Object.fromEntries(texts);
}

function fieldOf(name: string): Field | undefined {
  const table: FieldTable = pictureFields;
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

function cut(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const kept = text.slice(0, limit);
  // Not inside a surrogate pair.
  return `${/[\ud800-\udbff]$/.test(kept) ? kept.slice(0, -1) : kept}…`;
}
