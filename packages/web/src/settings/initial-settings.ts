import { type Field, faultOfSize, limits, type Model, parseSize, pictureFields, wireName } from '@easel/contract';
import { controlValues } from './form-controls.ts';
import { defaultSettings, type Settings } from './settings.ts';

/** Kept for this tab: what somebody has typed outlives a look at another view, and a reload. */
const STORED = 'easel.form';

/** As it is now, for the other views of this page: also what is too large to be kept for a reload. */
let latest: Settings | undefined;

/** Start pictures are data URLs of up to megabytes, and this is called at every key. */
const LARGEST_IMAGE = 100_000;

export function storeSettings(settings: Settings): void {
  latest = settings;
  const isLarge = (settings.startImage?.length ?? 0) > LARGEST_IMAGE;
  sessionStorage.setItem(STORED, JSON.stringify(isLarge ? { ...settings, startImage: null } : settings));
}

/** The form as it was left, as far as the models of now can do it; else the first model's defaults. */
export function storedSettings(models: readonly [Model, ...Model[]]): Settings {
  if (latest !== undefined && models.some(({ id }) => id === latest?.model)) return latest;
  const found = objectOf(sessionStorage.getItem(STORED));
  const known = models.find(({ id }) => id === found.get('model'));
  const defaults = defaultSettings(known ?? models[0]);
  const text = (key: 'prompt' | 'negativePrompt') => {
    const value = found.get(key);
    return typeof value === 'string' ? value : defaults[key];
  };
  const [seed, startImage] = [found.get('seed'), found.get('startImage')];
  const size = known?.sizes.find(({ width, height }) => width === found.get('width') && height === found.get('height'));
  return {
    ...defaults,
    ...controlValues(known ?? models[0], (name) => found.get(name)),
    prompt: text('prompt'),
    negativePrompt: text('negativePrompt'),
    ...(size && { width: size.width, height: size.height }),
    seed: typeof seed === 'number' ? seed : null,
    startImage: typeof startImage === 'string' ? startImage : null,
    isShapeChosen: size !== undefined && found.get('isShapeChosen') === true,
  };
}

function objectOf(text: string | null): ReadonlyMap<string, unknown> {
  try {
    const value: unknown = JSON.parse(text ?? 'null');
    return new Map(typeof value === 'object' && value !== null ? Object.entries(value) : []);
  } catch {
    return new Map();
  }
}

/**
 * What an address asks for, under the names of the API or their short forms; what is not possible is left out.
 *
 * @example
 * ```text
 * /?prompt=a%20fox&negative=snow&seed=7&steps=30&guidance=4&size=256x144
 * ```
 */
export function settingsOfAddress(query: URLSearchParams, model: Model): Partial<Settings> {
  const asked = new Map(
    Object.entries(pictureFields).map(([name, { form }]: [string, Field]) => {
      const names = form === undefined ? [] : [form.address ?? wireName(name, 'api'), wireName(name, 'api')];
      return [name, names.map((each) => query.get(each)).find((value) => value !== null)] as const;
    }),
  );
  const [prompt, negativePrompt, seedText] = [asked.get('prompt'), asked.get('negativePrompt'), asked.get('seed')];
  const seed = seedText?.trim() ? Number(seedText) : Number.NaN;
  const isSeed = Number.isInteger(seed) && seed >= 0 && seed <= limits.seed.max;
  const size = parseSize(query.get('size')?.replace('×', 'x') ?? '');
  const { min_side: minSide, max_side: maxSide, max_megapixels: maxMegapixels } = model.limits;
  const drawable = { minSide, maxSide, maxMegapixels };
  return {
    ...controlValues(model, (name) => textOrNumber(asked.get(name))),
    ...(prompt != null && { prompt }),
    ...(negativePrompt != null && { negativePrompt }),
    ...(isSeed && { seed }),
    ...(size !== undefined && faultOfSize(size, drawable) === undefined && { ...size, isShapeChosen: true }),
  };
}

/** A number where it is one. */
function textOrNumber(text: string | null | undefined): string | number | undefined {
  if (text == null || text.trim() === '') return undefined;
  return Number.isNaN(Number(text)) ? text : Number(text);
}

let waiting: Partial<Settings> | undefined;

/** Gives settings to the playground, which takes them when it opens next. */
export function handOver(settings: Partial<Settings>): void {
  waiting = settings;
}

export function takeHandedOver(): Partial<Settings> {
  const settings = waiting ?? {};
  waiting = undefined;
  return settings;
}
