import {
  type ControlValues,
  combinationCount,
  combinationsOf,
  defaults,
  type FieldValues,
  faultOfSize,
  type Job,
  type JobCreate,
  type LoraChoice,
  type Model,
  promptLines,
  readTold,
  writeRequest,
} from '@easel/contract';
import { controlDefaults, controlValues } from './form-controls.ts';
import { centred, type Frame, type Placement } from './frame.ts';

/** The page's model of a request: the controls of the table of fields, and the fields with a component of their own. */
export interface Settings extends ControlValues, Placement {
  readonly prompt: string;
  /** Whether each line of the prompt is one of its own. */
  readonly isEachLine: boolean;
  readonly negativePrompt: string;
  /** Empty: none. */
  readonly style: string;
  readonly model: string;
  readonly width: number;
  readonly height: number;
  /** Null: a random seed each time. */
  readonly seed: number | null;
  /** The seed that a variation goes toward; null: a random one each time. */
  readonly variationSeed: number | null;
  readonly loras: readonly LoraChoice[];
  /** A data URL, or the path of a picture on this server. */
  readonly startImage: string | null;
  /** What of the start image is repainted, white on black: a data URL. Null: all of it changes. */
  readonly mask: string | null;
  /** What was sent when the mask was painted over it. Null: the mask lies over the whole start image. */
  readonly maskPlace: (Size & { readonly frame: Frame }) | null;
  /** Null: all of the picture is painted, not only so much around the mask. */
  readonly maskPadding: number | null;
  readonly maskBlur: number;
  /** Whether the user has chosen the aspect ratio: a start image then does not change it. */
  readonly isShapeChosen: boolean;
}

/** What the form has of a start image while there is none. */
export const noStart = {
  startImage: null,
  framing: 'fill',
  frame: centred,
  around: 'edges',
  mask: null,
  maskPlace: null,
  maskPadding: null,
  maskBlur: 0,
} as const satisfies Partial<Settings>;

export function defaultSettings(model: Model): Settings {
  return {
    ...controlDefaults(model),
    prompt: '',
    isEachLine: false,
    negativePrompt: '',
    style: '',
    model: model.id,
    width: model.defaults.img_width,
    height: model.defaults.img_height,
    seed: null,
    variationSeed: null,
    loras: [],
    ...noStart,
    isShapeChosen: false,
  };
}

/**
 * What changes with another model: what was the default of the one before becomes that of the other, and so does what it does not allow; the
 * shape stays, in a size of its own. What the user has chosen, and it allows, stays.
 */
export function settingsForModel(settings: Settings, before: Model | undefined, after: Model): Settings {
  const known = new Map<string, unknown>(Object.entries(settings));
  const [usual, own] = [before && controlDefaults(before), controlDefaults(after)];
  const former = new Map<string, unknown>(Object.entries(usual ?? {}));
  const chosen = controlValues(after, (name) => (known.get(name) === former.get(name) ? undefined : known.get(name)));
  const { scheduler } = after.parameters;
  const hasSampler = scheduler?.choices?.includes(settings.scheduler) ?? true;
  const isSize = ({ width, height }: Pick<Settings, 'width' | 'height'>) =>
    width === settings.width && height === settings.height;
  const shape = before?.sizes.find(isSize)?.aspect_ratio;
  const { width, height } = after.sizes.find(isSize) ??
    after.sizes.find(({ aspect_ratio: ratio }) => ratio === shape) ?? {
      width: after.defaults.img_width,
      height: after.defaults.img_height,
    };
  return {
    ...settings,
    ...own,
    ...chosen,
    ...(!hasSampler && { scheduler: own.scheduler }),
    ...{ model: after.id, width, height },
  };
}

type Repainted = Pick<Settings, 'mask' | 'around' | 'strength'>;

/** What is repainted, or painted around the picture, starts from noise: its usual strength comes and goes with it, one that was chosen stays. */
export function strengthWith(before: Repainted, after: Pick<Repainted, 'mask' | 'around'>): number {
  const usual = ({ mask, around }: Pick<Repainted, 'mask' | 'around'>) =>
    mask !== null || around === 'paint' ? defaults.maskedStrength : defaults.strength;
  return before.strength === usual(before) ? usual(after) : before.strength;
}

/** What changes where the mask goes. */
export function withoutMask(settings: Repainted): Pick<Settings, 'mask' | 'maskPlace' | 'strength'> {
  const strength = strengthWith(settings, { mask: null, around: settings.around });
  return { mask: null, maskPlace: null, strength };
}

/** What changes where the start image goes. */
export function withoutStart(settings: Repainted): typeof noStart & Pick<Settings, 'strength'> {
  return { ...noStart, strength: strengthWith(settings, noStart) };
}

/** What changes with another start image. Its nearest shape is taken, unless the user has chosen one. */
export function withStart(
  settings: Settings,
  startImage: string,
  picture: Size,
  sizes: Model['sizes'],
): Partial<Settings> {
  const size = settings.isShapeChosen ? undefined : nearestSize(sizes, picture);
  return { ...withoutStart(settings), startImage, ...(size && { width: size.width, height: size.height }) };
}

/** The size of a picture if the model draws it, else that of the model which is nearest in shape: an enlarged picture has one of its own. */
export function drawnSize(model: Model | undefined, { width, height }: Size): Size {
  if (model === undefined) return { width, height };
  const { min_side: minSide, max_side: maxSide, max_megapixels: maxMegapixels } = model.limits;
  if (faultOfSize({ width, height }, { minSide, maxSide, maxMegapixels }) === undefined) return { width, height };
  const nearest = nearestSize(model.sizes, { width, height });
  return {
    width: nearest?.width ?? model.defaults.img_width,
    height: nearest?.height ?? model.defaults.img_height,
  };
}

/** The size with the closest aspect ratio: the one that crops least. */
function nearestSize<Shape extends Size>(sizes: readonly Shape[], { width, height }: Size): Shape | undefined {
  const difference = (size: Shape) => Math.abs(Math.log(size.width / size.height / (width / height)));
  return sizes.toSorted((one, other) => difference(one) - difference(other))[0];
}

type Size = Pick<Settings, 'width' | 'height'>;

/** The request for the settings. An empty negative prompt is left out. */
export function jobOf({
  startImage,
  mask,
  maskPadding,
  maskBlur,
  seed,
  variationSeed,
  strength,
  negativePrompt,
  style,
  loras,
  ...settings
}: Settings): JobCreate {
  return writeRequest({
    ...settings,
    preview: true,
    ...(loras.length > 0 && { loras }),
    seed: seed ?? undefined,
    variationSeed: settings.variationStrength > 0 ? (variationSeed ?? undefined) : undefined,
    negativePrompt: negativePrompt === '' ? undefined : negativePrompt,
    style: style === '' ? undefined : style,
    ...startOf(startImage, strength),
    ...(startImage !== null && mask !== null && { mask, maskBlur, ...(maskPadding !== null && { maskPadding }) }),
  });
}

/** More are hardly meant, and each is paid for. */
export const MOST_PROMPTS = 50;

/** How many prompts the text stands for: lines, and combinations of `{a|b}`. */
export function promptCount({ prompt, isEachLine }: Pick<Settings, 'prompt' | 'isEachLine'>): number {
  const lines = isEachLine ? promptLines(prompt) : [prompt];
  return lines.reduce((sum, line) => sum + combinationCount(line), 0);
}

/** These prompts. Count them first: there may be any number. A text with one prompt is taken as it is. */
export function promptsOf({ prompt, isEachLine }: Pick<Settings, 'prompt' | 'isEachLine'>): readonly string[] {
  const lines = isEachLine ? promptLines(prompt) : [prompt];
  return lines.flatMap((line) => (combinationCount(line) === 1 ? [line] : combinationsOf(line)));
}

/** The request that repeats a job, including fields that the form does not have. */
export function requestOfJob(job: Job, startImage: string | null): JobCreate {
  const { strength, maskPadding: _, maskBlur: __, width, height, ...told } = toldOf(job); // nothing without the mask
  // A start image that was enlarged has its own size.
  const size = startImage !== null && told.upscale !== undefined ? {} : { width, height };
  return writeRequest({ ...told, ...size, prompt: job.prompt ?? '', preview: true, ...startOf(startImage, strength) });
}

/** The request that enlarges a picture of a job. @param image its path on this server */
export function enlargementOf(
  job: Job,
  image: string,
  { seed, upscale }: { readonly seed: number; readonly upscale: 2 | 4 },
): JobCreate {
  const {
    width: _width,
    height: _height,
    strength: _strength,
    maskPadding: _padding,
    maskBlur: _blur,
    upscaler: _upscaler,
    variationStrength: _variationStrength,
    variationSeed: _variationSeed,
    ...told
  } = toldOf(job);
  return writeRequest({ ...told, prompt: job.prompt ?? '', preview: true, image, seed, samples: 1, upscale });
}

function startOf(image: string | null, strength: number | undefined) {
  return image === null || strength === undefined ? {} : { image, strength };
}

/**
 * The settings that repeat a picture of a job, or what the form has of it: no mask and no enlargement, so none of their strengths either.
 *
 * @param startImage its start image; the server stores only its strength
 * @param model `modelOfJob`
 * @param variationSeed that of the picture; absent: that of the first one
 */
export function settingsOfJob(
  job: Job,
  {
    seed,
    variationSeed = job.variation_seed,
    startImage,
    model,
  }: Pick<Settings, 'seed' | 'startImage'> &
    Partial<Pick<Settings, 'variationSeed'>> & { readonly model: Model | undefined },
): Settings {
  const isPlain = job.mask_blur === null && job.upscale === null;
  return {
    ...controlsOfJob(job, model),
    samples: 1,
    prompt: job.prompt ?? '',
    isEachLine: false,
    negativePrompt: job.negative_prompt ?? '',
    style: job.style ?? '',
    model: job.imported === undefined ? job.model : (model?.id ?? job.model),
    ...drawnSize(model, { width: job.img_width, height: job.img_height }),
    strength: (isPlain ? job.strength : null) ?? defaults.strength,
    seed,
    variationSeed,
    loras: job.loras ?? [],
    ...noStart,
    startImage,
    isShapeChosen: true,
  };
}

function controlsOfJob(job: Job, model: Model | undefined): ControlValues {
  // What the file of an imported picture does not tell is as the model has it.
  const usual = (job.imported && model) ?? { parameters: {} };
  return { ...controlDefaults(usual), ...controlValues({ parameters: {} }, valueReader(job)) };
}

/** The model of a job, if the server has it; of an imported picture the default one, with which it can be made anew. */
export function modelOfJob(
  { model, imported }: Pick<Job, 'model' | 'imported'>,
  models: readonly Model[],
): Model | undefined {
  return models.find(({ id, is_default: isDefault }) => (imported === undefined ? id === model : isDefault));
}

/** What a job tells of how it was made; of an imported picture only what its file does. */
export function toldOf(job: Job): FieldValues {
  const { imported } = job;
  if (imported === undefined) return readTold(job);
  return readTold(Object.fromEntries(Object.entries(job).filter(([name]) => imported.known.includes(name))));
}

function valueReader(job: Job): (name: string) => unknown {
  const values = new Map<string, unknown>(Object.entries(toldOf(job)));
  return (name) => values.get(name);
}
