import { type Field, type FieldName, pictureFields, type Range, samplerNames, samplers } from '@easel/contract/fields';
import { foreignSyntax } from './foreign-syntax.ts';
import type { GenerationParameters } from './generation-parameters.ts';

/** The tool that wrote the text; `unknown`: its format is not supported. */
export type Source = 'easel' | 'automatic1111' | 'invokeai' | 'comfyui' | 'fooocus' | 'swarmui' | 'unknown';

/** The file's contents as our settings. Without `prompt` the prompt is unknown, which is not the same as an empty one. */
export interface FoundSettings extends Partial<Omit<GenerationParameters, 'seed' | 'easelVersion'>> {
  readonly seed?: bigint;
}

/** Something the file asks for that is not among the settings. */
export interface LeftOut {
  readonly what: string;
  /** As in the file, truncated when long; may be empty. */
  readonly value: string;
  readonly why: string;
}

export interface PictureSettings {
  readonly source: Source;
  readonly settings: FoundSettings;
  readonly leftOut: readonly LeftOut[];
}

const MAX_SHOWN_LENGTH = 60;
const MAX_SIDE = 65_535;
/** A hostile file may name thousands. */
const MAX_LEFT_OUT = 100;

/** Any value of a file, short enough for a message. */
function summarize(value: unknown): string {
  const words = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return words.length > MAX_SHOWN_LENGTH ? `${words.slice(0, MAX_SHOWN_LENGTH).toWellFormed()}…` : words;
}

function isSaid(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}

interface Numbers extends Range {
  readonly isWhole?: boolean;
}

function believable(name: FieldName): Numbers {
  const { kind, parameter, range }: Field = pictureFields[name];
  return { ...(parameter?.believable ?? range ?? anyNumber), isWhole: kind === 'integer' };
}

const anyNumber = { min: Number.NEGATIVE_INFINITY, max: Number.POSITIVE_INFINITY };

/** Collects what a file says: supported settings with plausible values, and everything else by name. */
export class Findings {
  #settings: FoundSettings = {};
  readonly #leftOut = new Map<string, LeftOut>();

  get settings(): FoundSettings {
    return this.#settings;
  }

  /** Everything is reported once, however often it occurs. */
  leave(what: string, value: unknown, why: string): void {
    const text = summarize(value ?? '');
    if (this.#leftOut.size === MAX_LEFT_OUT) {
      this.#leftOut.set('', { what: 'more', value: '', why: 'the file names too many settings' });
    }
    if (this.#leftOut.size > MAX_LEFT_OUT) return;
    this.#leftOut.set(`${what}\n${text}`, { what, value: text, why });
  }

  set(settings: FoundSettings): void {
    this.#settings = { ...this.#settings, ...settings };
  }

  text(name: FieldName, value: unknown): void {
    if (value === undefined || value === null) return;
    if (typeof value === 'string') this.set({ [name]: value });
    else this.leave(pictureFields[name].words, value, 'not a text');
  }

  number(name: FieldName, value: unknown): void {
    if (!isSaid(value)) return;
    const range = believable(name);
    const number = numberOf(value, range);
    if (number === undefined) this.leave(pictureFields[name].words, value, outside(range));
    else this.set({ [name]: number });
  }

  /** The value of a field that is read according to the table. */
  field(name: FieldName, value: unknown): void {
    const { kind, choices }: Field = pictureFields[name];
    const isRead = choices !== undefined || kind === 'boolean';
    if (isRead) this.set(value === undefined ? {} : { [name]: value });
    else if (kind === 'text') this.text(name, value);
    else this.number(name, value);
  }

  /** The seed of the noise; negative ones mean a random seed. */
  seed(value: unknown): void {
    if (!isSaid(value)) return;
    const digits = typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : value;
    if (typeof digits === 'string' && /^\d{1,20}$/.test(digits.trim())) this.set({ seed: BigInt(digits.trim()) });
    else this.leave('seed', value, 'not a whole number from 0');
  }

  size(width: unknown, height: unknown): void {
    if (!isSaid(width) && !isSaid(height)) return;
    const side = { min: 1, max: MAX_SIDE, isWhole: true };
    const [across, down] = [numberOf(width, side), numberOf(height, side)];
    if (across === undefined || down === undefined)
      this.leave('size', `${summarize(width)}×${summarize(height)}`, 'not a size');
    else this.set({ width: across, height: down });
  }

  /** @param schedule that tool's name for the noise levels, if separate from the sampler. */
  sampler(name: unknown, schedule?: unknown): void {
    if (isSaid(name)) {
      const known = typeof name === 'string' ? knownSamplers.get(name.trim().toLowerCase()) : undefined;
      if (known === undefined)
        this.leave('sampler', name, onlyKnown([...new Set(samplerNames.map((each) => samplers[each].inFiles))]));
      else this.set(known);
    }
    if (!isSaid(schedule)) return;
    const known = typeof schedule === 'string' ? schedules.get(schedule.trim().toLowerCase()) : undefined;
    if (known === undefined) this.leave('schedule', schedule, onlyKnown(Object.values(scheduleWords)));
    else this.set(known);
  }

  /** The model by its file name, without folder and extension. */
  model(name: unknown): void {
    if (!isSaid(name)) return;
    if (typeof name !== 'string') this.leave('model', name, 'not a name');
    else this.set({ model: name.replace(/^.*[\\/]/, '').replace(/\.(safetensors|ckpt|gguf|pt|pth|bin)$/i, '') });
  }

  lora(name: unknown, weight?: unknown): void {
    const text = typeof name === 'string' ? name : summarize(name);
    this.leave(
      'LoRA',
      isSaid(weight) ? `${text} (${summarize(weight)})` : text,
      'not taken over: choose it on this server by its name',
    );
  }

  /** A start image, or given noise: neither is in the file. */
  startImage(): void {
    this.leave('start image', '', 'the file does not contain it');
  }

  /** @returns everything, including the parts of the texts that only that tool interprets. */
  done(source: Source): PictureSettings {
    const { prompt, negativePrompt, prompt2, negativePrompt2 } = this.#settings;
    if (prompt === undefined) this.leave('prompt', '', 'not found in the file');
    for (const text of source === 'easel' ? [] : [prompt, negativePrompt, prompt2, negativePrompt2]) {
      for (const { what, text: piece } of foreignSyntax(text ?? ''))
        this.leave(what === 'BREAK' || what === 'AND' ? 'keyword' : what, piece, 'read as plain text');
    }
    return { source, settings: this.#settings, leftOut: [...this.#leftOut.values()] };
  }
}

function numberOf(value: unknown, { min, max, isWhole = false }: Numbers): number | undefined {
  const isText =
    typeof value === 'string' && value.length < 40 && /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(value);
  const number = isText ? Number(value) : value;
  if (typeof number !== 'number' || !(number >= min && number <= max)) return undefined;
  return isWhole && !Number.isInteger(number) ? undefined : number;
}

function outside({ min, max, isWhole = false }: Numbers): string {
  return `not a ${isWhole ? 'whole ' : ''}number from ${min} to ${max}`;
}

function onlyKnown(names: readonly string[]): string {
  return `only ${names.slice(0, -1).join(', ')} and ${names.at(-1)} are available`;
}

const sigmaSchedules = pictureFields.sigmaSchedule.choices;
const scheduleWords = pictureFields.sigmaSchedule.parameter.values;

/** Other tools' names for exactly our samplers; a related sampler (`DPM++ 2M SDE`) gives a different picture. */
const knownSamplers: ReadonlyMap<string, FoundSettings> = new Map<string, FoundSettings>(
  samplerNames.toReversed().flatMap((scheduler) => {
    const names = [samplers[scheduler].inFiles.toLowerCase(), ...samplers[scheduler].elsewhere];
    return names.flatMap((name) => [
      [name, { scheduler }] as const,
      [`${name}_k`, { scheduler, sigmaSchedule: 'karras' }] as const,
      ...sigmaSchedules.flatMap((sigmaSchedule) => [
        [`${name} ${sigmaSchedule}`, { scheduler, sigmaSchedule }] as const,
        [`${name}_${sigmaSchedule}`, { scheduler, sigmaSchedule }] as const,
      ]),
    ]);
  }),
);

const schedules: ReadonlyMap<string, FoundSettings> = new Map<string, FoundSettings>([
  ...sigmaSchedules.map((sigmaSchedule) => [sigmaSchedule, { sigmaSchedule }] as const),
  ['automatic', {}],
  ['default', {}],
]);
