import { type Field, isWithin, limits, MAX_PROMPT_LENGTH, type Model, pictureFields, wireName } from '@easel/contract';
import { type LeftOut, type PictureSettings, readSettings, type Source } from '@easel/parameters';
import type { Settings } from '../settings/settings.ts';
import { readStartPicture, type StartPicture } from './start-picture.ts';

export interface Dropped extends Restored {
  /** The picture itself, to start from. */
  readonly image: StartPicture;
}

/**
 * Reads a picture somebody gives to the page.
 *
 * @param longestSide of a picture that is drawn here
 * @throws Error that says why not
 */
export async function readDropped(file: File, models: readonly Model[], longestSide: number): Promise<Dropped> {
  const image = await readStartPicture(file, longestSide);
  const found = readSettings(new Uint8Array(await file.arrayBuffer()));
  return { ...settingsOfFile(found, models), image };
}

/** What the form takes of a picture's settings, and what it says about that. */
export interface Restored {
  /** Null: nothing that the form could take is known. */
  readonly settings: Partial<Settings> | null;
  readonly note: string;
}

const tools = {
  easel: 'Easel',
  automatic1111: 'AUTOMATIC1111 or a relative',
  invokeai: 'InvokeAI',
  comfyui: 'ComfyUI',
  fooocus: 'Fooocus',
  swarmui: 'SwarmUI',
  unknown: 'a tool that is not known here',
} as const satisfies Record<Source, string>;

const nothingSaid = 'That file says nothing of how it was made; it is the start image now.';

/**
 * The form for what a picture's file says of how it was made, as far as this server and this form can do the same; the note names
 * what is restored and what is not. A prompt that is not known empties the field: that of before would be taken for the picture's.
 */
export function settingsOfFile(found: PictureSettings | null, models: readonly Model[]): Restored {
  if (found === null) return { settings: null, note: nothingSaid };
  if (Object.keys(found.settings).length === 0) {
    return {
      settings: null,
      note: `How that picture was made is written in a form that is not read here (${tools[found.source]}); it is the start image now.`,
    };
  }
  const form = new FormOf(found, models);
  return { settings: form.settings, note: noteOf(found, form) };
}

function noteOf({ source, settings }: PictureSettings, { restored, leftOut }: FormOf): string {
  const list = restored.length === 0 ? 'nothing' : restored.join(', ');
  const sentences = [
    ...(settings.prompt === undefined
      ? ['Some settings of that picture are restored.', 'Its prompt is not known: the field is empty now.']
      : ['The settings of that picture are restored.']),
    `Taken from ${tools[source]}: ${list}.`,
    ...(leftOut.length === 0 ? [] : [`Not restored: ${listed(leftOut)}.`]),
  ];
  return sentences.join(' ');
}

/** Those with the same reason together. */
function listed(leftOut: readonly LeftOut[]): string {
  const byReason = Map.groupBy(leftOut, ({ why }) => why);
  return Array.from(byReason, ([why, all]) => {
    const things = all.map(({ what, value }) => (value === '' ? what : `${what} ${value}`));
    return `${things.join(', ')} (${why})`;
  }).join('; ');
}

class FormOf {
  readonly #models: readonly Model[];
  readonly #leftOut: LeftOut[];
  readonly #restored: string[] = [];
  #settings: Partial<Settings> = { samples: 1, startImage: null };

  constructor(found: PictureSettings, models: readonly Model[]) {
    this.#models = models;
    // Not found: said in a sentence of its own.
    this.#leftOut = found.leftOut.filter(({ what, value }) => what !== 'prompt' || value !== '');
    this.#texts(found);
    this.#numbers(found.settings);
    this.#model(found.settings);
    this.#choices(found.settings);
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

  #texts({ source, settings: { prompt, negativePrompt, prompt2, negativePrompt2 } }: PictureSettings): void {
    this.#settings = { ...this.#settings, prompt: '', negativePrompt: '' };
    const tooLong = `longer than ${MAX_PROMPT_LENGTH} characters`;
    const fits = (text: string) => [...text].length <= MAX_PROMPT_LENGTH;
    if (prompt !== undefined && !fits(prompt)) this.#leave('prompt', prompt, tooLong);
    else if (prompt !== undefined) this.#take('prompt', { prompt });
    if (negativePrompt && !fits(negativePrompt)) this.#leave('negative prompt', negativePrompt, tooLong);
    else if (negativePrompt) this.#take('negative prompt', { negativePrompt });
    // Ours is read as an empty text, which is not the same as none; in other tools there is no such difference.
    if (negativePrompt === '' && source === 'easel') this.#leave('the empty negative prompt', '', noField);
    if (prompt2 !== undefined) this.#leave('second prompt', prompt2, noField);
    if (negativePrompt2 !== undefined) this.#leave('second negative prompt', negativePrompt2, noField);
  }

  #numbers(settings: PictureSettings['settings']): void {
    const found = new Map<string, unknown>(Object.entries(settings));
    for (const [name, field] of plainFields) {
      const value = found.get(name);
      const { range, form, words } = field;
      if (field.choices !== undefined || typeof value !== 'number') continue;
      if (form === undefined) this.#leaveUnlessUsual(field, value);
      else if (range === undefined || isWithin(value, range)) this.#take(form.label.toLowerCase(), { [name]: value });
      else this.#leave(words, String(value), `not from ${range.min} to ${range.max}`);
    }
    const { seed } = settings;
    if (seed === undefined) return;
    if (seed <= BigInt(limits.seed.max)) this.#take('seed', { seed: Number(seed) });
    else this.#leave('seed', String(seed), `larger than ${limits.seed.max}`);
  }

  /** Another server's model is replaced by the one that is chosen here by itself, and a size that it does not draw is left alone. */
  #model({ model: name, width, height }: PictureSettings['settings']): void {
    const known = this.#models.find(({ id, name: real }) => id === name || real === name);
    const model = known ?? this.#models.find(({ is_default: isDefault }) => isDefault);
    if (known !== undefined) this.#take('model', { model: known.id });
    else if (name) this.#leave('model', name, 'not on this server');
    if (width === undefined || height === undefined) return;
    if (model !== undefined && draws(model, { width, height }))
      this.#take('size', { width, height, isShapeChosen: true });
    else this.#leave('size', `${width}×${height}`, 'this model does not draw it');
  }

  #choices(settings: PictureSettings['settings']): void {
    const found = new Map<string, unknown>(Object.entries(settings));
    for (const [name, field] of plainFields) {
      const value = found.get(name);
      if (field.choices === undefined || value === undefined) continue;
      const offered = this.#offered(name);
      if (field.form === undefined) this.#leaveUnlessUsual(field, value);
      else if (offered === undefined || offered.some((choice) => choice === value))
        this.#take(field.form.label.toLowerCase(), { [name]: value });
      else this.#leave(field.words, String(value), 'not offered by this model');
    }
  }

  /** What the model allows that will draw; undefined: it says nothing of it. */
  #offered(name: string): readonly string[] | undefined {
    const { model: id } = this.#settings;
    const model = this.#models.find((each) => (id === undefined ? each.is_default : each.id === id));
    return model?.parameters[wireName(name, 'api')]?.choices;
  }

  #leaveUnlessUsual({ words, parameter, default: preset }: Field, value: unknown): void {
    if (value === (preset ?? parameter?.usual)) return;
    this.#leave(words, parameter?.values?.[String(value)] ?? String(value), noField);
  }
}

/** The fields that a file says as the table has them; texts are looked at one by one. */
const plainFields = Object.entries<Field>(pictureFields).filter(
  ([, { kind, parameter }]) => parameter !== undefined && !parameter.own && kind !== 'text',
);

const noField = 'this form has no field for it';

function draws(
  { limits: allowed }: Model,
  { width, height }: { readonly width: number; readonly height: number },
): boolean {
  const isSide = (side: number) =>
    side >= allowed.min_side && side <= allowed.max_side && side % allowed.side_step === 0;
  return isSide(width) && isSide(height) && width * height <= allowed.max_megapixels * 2 ** 20;
}
