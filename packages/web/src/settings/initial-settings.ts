import {
  type Field,
  faultOfSize,
  isWithin,
  type LoraChoice,
  limits,
  type Model,
  parseSize,
  pictureFields,
  type Size,
  wireName,
} from '@easel/contract';
import { controlValues } from './form-controls.ts';
import type { Frame } from './frame.ts';
import { defaultSettings, type Settings, withoutStart } from './settings.ts';

/** Kept for this tab: what the user has typed survives another view, and a reload. */
const STORED = 'easel.form';

/** The latest settings, for other views of this page: includes what is too large to be stored for a reload. */
let latest: Settings | undefined;

/** Start images are data URLs of up to megabytes, and settings are saved at every key press. */
const LARGEST_IMAGE = 100_000;

export function saveSettings(settings: Settings): void {
  latest = settings;
  const { startImage, mask } = settings;
  // An object URL is lost with the page.
  const isLost = startImage?.startsWith('blob:') || (startImage?.length ?? 0) + (mask?.length ?? 0) > LARGEST_IMAGE;
  sessionStorage.setItem(STORED, JSON.stringify(isLost ? { ...settings, ...withoutStart(settings) } : settings));
}

/** The saved settings, as far as the current models support them; otherwise the defaults of the first model. */
export function loadSettings(models: readonly [Model, ...Model[]]): Settings {
  if (latest !== undefined && models.some(({ id }) => id === latest?.model)) return latest;
  const found = parseObject(sessionStorage.getItem(STORED));
  const known = models.find(({ id }) => id === found.get('model'));
  const defaults = defaultSettings(known ?? models[0]);
  const text = (key: 'prompt' | 'negativePrompt' | 'style') => {
    const value = found.get(key);
    return typeof value === 'string' ? value : defaults[key];
  };
  const [startImage, mask] = [found.get('startImage'), found.get('mask')];
  const [seed, variationSeed] = [found.get('seed'), found.get('variationSeed')];
  const size = known && storedSize(found, known);
  return {
    ...defaults,
    ...controlValues(known ?? models[0], (name) => found.get(name)),
    prompt: text('prompt'),
    isEachLine: found.get('isEachLine') === true,
    negativePrompt: text('negativePrompt'),
    style: text('style'),
    ...(size && { width: size.width, height: size.height }),
    seed: typeof seed === 'number' ? seed : null,
    variationSeed: typeof variationSeed === 'number' ? variationSeed : null,
    loras: knownLoras(found.get('loras'), known),
    ...(typeof startImage === 'string' && { ...storedPlacement(found), startImage }),
    ...(typeof startImage === 'string' && typeof mask === 'string' && { mask }),
    isShapeChosen: size !== undefined && found.get('isShapeChosen') === true,
  };
}

/** The stored size, if the model draws it: a start image that was extended has one that is in no list. */
function storedSize(found: ReadonlyMap<string, unknown>, model: Model): Size | undefined {
  const [width, height] = [found.get('width'), found.get('height')];
  if (typeof width !== 'number' || typeof height !== 'number') return undefined;
  const { min_side: minSide, max_side: maxSide, max_megapixels: maxMegapixels } = model.limits;
  const isDrawn = faultOfSize({ width, height }, { minSide, maxSide, maxMegapixels }) === undefined;
  return isDrawn ? { width, height } : undefined;
}

/** How the start image and the mask lay in the frame. */
function storedPlacement(found: ReadonlyMap<string, unknown>): Partial<Settings> {
  const { framing, around, frame, maskPlace, maskPadding, maskBlur } = Object.fromEntries(found);
  const place = isRecord(maskPlace) && isFrame(maskPlace.frame) ? maskPlace : undefined;
  const { width, height, frame: placed } = place ?? {};
  return {
    ...((framing === 'fit' || framing === 'crop') && { framing }),
    ...((around === 'blur' || around === 'paint') && { around }),
    ...(isFrame(frame) && { frame }),
    ...(typeof width === 'number' &&
      typeof height === 'number' &&
      isFrame(placed) && { maskPlace: { width, height, frame: placed } }),
    ...(typeof maskPadding === 'number' && { maskPadding }),
    ...(typeof maskBlur === 'number' && { maskBlur }),
  };
}

function isFrame(value: unknown): value is Frame {
  return isRecord(value) && ['x', 'y', 'zoom'].every((name) => typeof value[name] === 'number');
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** Those of a list that the model has. */
export function knownLoras(given: unknown, model: Model | undefined): readonly LoraChoice[] {
  const named = Array.isArray(given) ? given.map((lora: unknown) => new Map(Object.entries(lora ?? {}))) : [];
  return named.flatMap((lora) => {
    const name = model?.loras.find((each) => each.name === lora.get('name'))?.name;
    const weight: unknown = lora.get('weight');
    if (name === undefined) return [];
    return [{ name, weight: typeof weight === 'number' && isWithin(weight, limits.loraWeight) ? weight : 1 }];
  });
}

function parseObject(text: string | null): ReadonlyMap<string, unknown> {
  try {
    const value: unknown = JSON.parse(text ?? 'null');
    return new Map(typeof value === 'object' && value !== null ? Object.entries(value) : []);
  } catch {
    return new Map();
  }
}

/**
 * The settings in the query of an address, by their API names or short names; values that are not allowed are left out.
 *
 * @example
 * ```text
 * /?prompt=a%20fox&negative=snow&seed=7&steps=30&guidance=4&size=256x144
 * ```
 */
export function addressSettings(query: URLSearchParams, model: Model): Partial<Settings> {
  const given = new Map(
    Object.entries(pictureFields).map(([name, { form }]: [string, Field]) => {
      const names = form === undefined ? [] : [form.address ?? wireName(name, 'api'), wireName(name, 'api')];
      return [name, names.map((each) => query.get(each)).find((value) => value !== null)] as const;
    }),
  );
  const text = (name: 'prompt' | 'negativePrompt' | 'style') => given.get(name) ?? undefined;
  const [prompt, negativePrompt, style] = [text('prompt'), text('negativePrompt'), text('style')];
  const [seed, variationSeed] = [seedFrom(given.get('seed')), seedFrom(given.get('variationSeed'))];
  const size = parseSize(query.get('size')?.replace('×', 'x') ?? '');
  const { min_side: minSide, max_side: maxSide, max_megapixels: maxMegapixels } = model.limits;
  const allowed = { minSide, maxSide, maxMegapixels };
  return {
    ...controlValues(model, (name) => toValue(given.get(name))),
    ...(prompt !== undefined && { prompt }),
    ...(negativePrompt !== undefined && { negativePrompt }),
    ...(style !== undefined && { style }),
    ...(seed !== undefined && { seed }),
    ...(variationSeed !== undefined && { variationSeed }),
    ...(size !== undefined && faultOfSize(size, allowed) === undefined && { ...size, isShapeChosen: true }),
  };
}

function seedFrom(text: string | null | undefined): number | undefined {
  const seed = text?.trim() ? Number(text) : Number.NaN;
  return Number.isInteger(seed) && seed >= 0 && seed <= limits.seed.max ? seed : undefined;
}

function toValue(text: string | null | undefined): string | number | boolean | undefined {
  if (text == null || text.trim() === '') return undefined;
  if (text === 'true' || text === 'false') return text === 'true';
  return Number.isNaN(Number(text)) ? text : Number(text);
}

let pending: Partial<Settings> | undefined;

const pendingListeners = new Set<() => void>();

/** Passes settings to the playground, which takes them at once if it is open, or when it opens next. */
export function setPendingSettings(settings: Partial<Settings>): void {
  pending = settings;
  for (const listener of pendingListeners) listener();
}

/** Calls the listener when settings are passed. @returns a function that unsubscribes it */
export function onPendingSettings(listener: () => void): () => void {
  pendingListeners.add(listener);
  return () => void pendingListeners.delete(listener);
}

export function takePendingSettings(): Partial<Settings> {
  const settings = pending ?? {};
  pending = undefined;
  return settings;
}
