import {
  type Field,
  isWithin,
  limits,
  MAX_PROMPT_LENGTH,
  type Model,
  pictureFields,
  samplerAmong,
  wireName,
} from '@easel/contract';
import { type LeftOut, type PictureSettings, readSettings, type Source } from '@easel/parameters';
import { knownLoras } from '../settings/initial-settings.ts';
import type { Settings } from '../settings/settings.ts';
import { readStartPicture, type StartPicture } from './start-picture.ts';

export interface Dropped extends Restored {
  /** The picture itself, as a start image. */
  readonly image: StartPicture;
}

/**
 * Reads a picture that the user gives to the page.
 *
 * @param longestSide the longest side that the model supports
 * @throws Error with the reason, for the user
 */
export async function readDropped(file: File, models: readonly Model[], longestSide: number): Promise<Dropped> {
  const image = await readStartPicture(file, longestSide);
  const found = readSettings(new Uint8Array(await file.arrayBuffer()));
  return { ...settingsOfFile(found, models), image };
}

/** The settings restored from a picture, and a note for the user about them. */
export interface Restored {
  /** Null: no settings were found that the form supports. */
  readonly settings: Partial<Settings> | null;
  readonly note: string;
}

const tools = {
  easel: 'Easel',
  automatic1111: 'AUTOMATIC1111 or compatible',
  invokeai: 'InvokeAI',
  comfyui: 'ComfyUI',
  fooocus: 'Fooocus',
  swarmui: 'SwarmUI',
  unknown: 'an unknown tool',
} as const satisfies Record<Source, string>;

const nothingSaid = 'No generation settings found in that file, so it is used as the start image.';

/**
 * The form settings for the settings in a picture's file, as far as this server and this form support them; the note names what was
 * restored and what was not. A prompt that was not found empties the field, because the previous one would be taken for the picture's.
 */
export function settingsOfFile(found: PictureSettings | null, models: readonly Model[]): Restored {
  if (found === null) return { settings: null, note: nothingSaid };
  if (Object.keys(found.settings).length === 0) {
    return {
      settings: null,
      note: `The settings in that file (${tools[found.source]}) are in a format that is not supported, so it is used as the start image.`,
    };
  }
  const form = new FormSettings(found, models);
  return { settings: form.settings, note: noteOf(found, form) };
}

function noteOf({ source, settings }: PictureSettings, { restored, leftOut }: FormSettings): string {
  const list = restored.length === 0 ? 'nothing' : restored.join(', ');
  const sentences = [
    ...(settings.prompt === undefined
      ? ['Some settings restored from the picture.', 'Its prompt was not found, so the prompt field is empty.']
      : ['Settings restored from the picture.']),
    `From ${tools[source]}: ${list}.`,
    ...(leftOut.length === 0 ? [] : [`Not restored: ${listByReason(leftOut)}.`]),
  ];
  return sentences.join(' ');
}

/** Grouped by reason. */
function listByReason(leftOut: readonly LeftOut[]): string {
  const byReason = Map.groupBy(leftOut, ({ why }) => why);
  return Array.from(byReason, ([why, all]) => {
    const things = all.map(({ what, value }) => (value === '' ? what : `${what} ${value}`));
    return `${things.join(', ')} (${why})`;
  }).join('; ');
}

class FormSettings {
  readonly #models: readonly Model[];
  readonly #leftOut: LeftOut[];
  readonly #restored: string[] = [];
  #settings: Partial<Settings> = { samples: 1, startImage: null, variationStrength: 0 };

  constructor(found: PictureSettings, models: readonly Model[]) {
    this.#models = models;
    // A prompt that was not found has a sentence of its own.
    this.#leftOut = found.leftOut.filter(({ what, value }) => what !== 'prompt' || value !== '');
    this.#texts(found);
    this.#numbers(found.settings);
    this.#model(found.settings);
    this.#choices(found.settings);
    this.#options(found);
    this.#loras(found.settings);
  }

  get settings(): Partial<Settings> {
    return this.#settings;
  }

  get restored(): readonly string[] {
    return this.#restored;
  }

  get leftOut(): readonly LeftOut[] {
    return this.#leftOut;
  }

  #take(name: string, part: Partial<Settings>): void {
    this.#settings = { ...this.#settings, ...part };
    this.#restored.push(name);
  }

  #leave(what: string, value: string, why: string): void {
    const short = value.length > 60 ? `${value.slice(0, 60).toWellFormed()}…` : value;
    this.#leftOut.push({ what, value: short, why });
  }

  #texts({ source, settings: { prompt, negativePrompt, prompt2, negativePrompt2, style } }: PictureSettings): void {
    this.#settings = { ...this.#settings, prompt: '', negativePrompt: '', style: '' };
    const tooLong = `longer than ${MAX_PROMPT_LENGTH} characters`;
    const fits = (text: string) => [...text].length <= MAX_PROMPT_LENGTH;
    if (prompt !== undefined && !fits(prompt)) this.#leave('prompt', prompt, tooLong);
    else if (prompt !== undefined) this.#take('prompt', { prompt });
    if (negativePrompt && !fits(negativePrompt)) this.#leave('negative prompt', negativePrompt, tooLong);
    else if (negativePrompt) this.#take('negative prompt', { negativePrompt });
    if (style !== undefined) this.#take('style', { style });
    // In Easel an empty text is not the same as no negative prompt; in other tools there is no difference.
    if (negativePrompt === '' && source === 'easel') this.#leave('the empty negative prompt', '', noField);
    if (prompt2 !== undefined) this.#leave('second prompt', prompt2, noField);
    if (negativePrompt2 !== undefined) this.#leave('second negative prompt', negativePrompt2, noField);
  }

  #numbers(settings: PictureSettings['settings']): void {
    const found = new Map<string, unknown>(Object.entries(settings));
    for (const [name, field] of plainFields) {
      const value = found.get(name);
      const { form, words } = field;
      const range = this.#rangeOf(name, field, settings.model);
      if (field.choices !== undefined || typeof value !== 'number') continue;
      if (form === undefined) this.#leaveUnlessUsual(field, value);
      else if (range === undefined || isWithin(value, range)) this.#take(form.label.toLowerCase(), { [name]: value });
      else this.#leave(words, String(value), `allowed: ${range.min} to ${range.max}`);
    }
    const { seed } = settings;
    if (seed === undefined) return;
    if (seed <= BigInt(limits.seed.max)) this.#take('seed', { seed: Number(seed) });
    else this.#leave('seed', String(seed), `larger than ${limits.seed.max}`);
  }

  /** A model that this server does not have is left out, and so is a size that the model in use does not support. */
  #model({ model: name, width, height }: PictureSettings['settings']): void {
    const known = this.#models.find(({ id, name: real }) => id === name || real === name);
    const model = known ?? this.#models.find(({ is_default: isDefault }) => isDefault);
    if (known !== undefined) this.#take('model', { model: known.id });
    else if (name) this.#leave('model', name, 'not on this server');
    if (width === undefined || height === undefined) return;
    if (model !== undefined && supportsSize(model, { width, height }))
      this.#take('size', { width, height, isShapeChosen: true });
    else this.#leave('size', `${width}×${height}`, 'not supported by this model');
  }

  #choices(settings: PictureSettings['settings']): void {
    const found = new Map<string, unknown>(Object.entries(settings));
    for (const [name, field] of plainFields) {
      const given = found.get(name);
      if (field.choices === undefined || given === undefined) continue;
      const offered = this.#offered(name);
      const value = name === 'scheduler' && offered ? samplerAmong(String(given), offered) : given;
      if (field.form === undefined) this.#leaveUnlessUsual(field, value);
      else if (offered === undefined || offered.some((choice) => choice === value))
        this.#take(field.form.label.toLowerCase(), { [name]: value });
      else
        this.#leave(
          field.words,
          field.parameter?.values?.[String(value)] ?? String(value),
          'not supported by this model',
        );
    }
  }

  /** Of the model that the file names, or else the default one. */
  #rangeOf(name: string, { range }: Field, model = ''): Field['range'] {
    const named = this.#models.find(({ id, name: real }) => id === model || real === model);
    const inUse = named ?? this.#models.find(({ is_default: isDefault }) => isDefault);
    const { minimum, maximum } = inUse?.parameters[wireName(name, 'api')] ?? {};
    return range && { min: minimum ?? range.min, max: maximum ?? range.max };
  }

  #loras({ loras = [] }: PictureSettings['settings']): void {
    const known = knownLoras(loras, this.#modelInUse());
    this.#settings = { ...this.#settings, loras: known };
    if (known.length > 0) this.#restored.push('LoRAs');
    for (const { name, weight } of loras)
      if (!known.some((each) => each.name === name))
        this.#leave('LoRA', `${name} (${weight})`, 'not available for this model');
  }

  /** The choices of the model in use; undefined if it does not restrict them. */
  #offered(name: string): readonly string[] | undefined {
    return this.#modelInUse()?.parameters[wireName(name, 'api')]?.choices;
  }

  #modelInUse(): Model | undefined {
    const { model: id } = this.#settings;
    return this.#models.find((each) => (id === undefined ? each.is_default : each.id === id));
  }

  /** A file of ours names only those that were on. */
  #options({ source, settings }: PictureSettings): void {
    const found = new Map<string, unknown>(Object.entries(settings));
    for (const [name, { kind, form, words }] of plainFields) {
      if (kind !== 'boolean' || form === undefined) continue;
      if (found.get(name) === true) this.#take(words, { [name]: true });
      else if (source === 'easel') this.#settings = { ...this.#settings, [name]: false };
    }
  }

  #leaveUnlessUsual({ words, parameter, default: preset }: Field, value: unknown): void {
    if (value === (preset ?? parameter?.usual)) return;
    this.#leave(words, parameter?.values?.[String(value)] ?? String(value), noField);
  }
}

/** The fields that are restored from the table; texts are handled one by one. */
const plainFields = Object.entries<Field>(pictureFields).filter(
  ([, { kind, parameter }]) => parameter !== undefined && !parameter.own && kind !== 'text',
);

const noField = 'not available in this form';

function supportsSize(
  { limits: allowed }: Model,
  { width, height }: { readonly width: number; readonly height: number },
): boolean {
  const isSide = (side: number) =>
    side >= allowed.min_side && side <= allowed.max_side && side % allowed.side_step === 0;
  return isSide(width) && isSide(height) && width * height <= allowed.max_megapixels * 2 ** 20;
}
