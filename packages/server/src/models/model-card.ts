import {
  type AllowedValues,
  aspectRatios,
  type FamilyName,
  faultOfSize,
  type Model,
  type ModelDevice,
  type ModelLora,
  type ModelParameter,
  microToNumber,
  modelParameters,
  type Profile,
  priceOf,
  ratesOf,
  type Scheduler,
  SIDE_STEP,
  type SizeLimits,
  sizeOfAspectRatio,
  type Tariff,
} from '@easel/contract';

/** What is known of a model without running it. */
export interface ModelCard {
  /** The name that requests use. */
  readonly slug: string;
  /** What it really is, such as `easel-demo`. */
  readonly name: string;
  /** How it is sampled, as the engine calls it. */
  readonly family: FamilyName;
  /** False: its UNet takes the guidance scale as an input, so a negative prompt has no effect. */
  readonly takesNegativePrompt: boolean;
  /** What should be known of it. */
  readonly notices: readonly string[];
  readonly isDefault: boolean;
  /** Whether it is the small model that ships with Easel. */
  readonly isEmbedded: boolean;
  /** Licence and attributions of its model card; undefined where the card has none. */
  readonly licence:
    | { readonly name: string; readonly link?: string; readonly attributions: readonly string[] }
    | undefined;
  /** Of its weights. */
  readonly bytes: number;
  readonly defaults: {
    readonly width: number;
    readonly height: number;
    readonly steps: number;
    readonly guidanceScale: number;
    readonly scheduler: Scheduler;
    /** Of the server: the profile of a request that names none. */
    readonly profile: Profile;
  };
  readonly sizes: SizeLimits;
  /** What the other fields of a request may be, where it is not all that the API allows. */
  readonly allowed: AllowedValues;
  /** The same for Segmind's API alone, over `allowed`. */
  readonly onSegmind?: AllowedValues;
  /** What it runs on now, on all workers; empty where that is not known, see `CurrentModels`. */
  readonly devices: readonly ModelDevice[];
  /** The LoRAs that requests may name. */
  readonly loras: readonly ModelLora[];
  /** Those that it cannot use, and why. */
  readonly unfitLoras: ReadonlyMap<string, string>;
}

/** What enlarges pictures where a request does not say. */
export function usualUpscaler({ allowed }: Pick<ModelCard, 'allowed'>): 'model' | 'network' {
  return allowed.upscaler?.choices?.includes('network') ? 'network' : 'model';
}

/** The wire form of a model card. */
export function modelReply(card: ModelCard, tariff: Tariff): Model {
  const {
    slug,
    name,
    family,
    takesNegativePrompt,
    notices,
    isDefault,
    isEmbedded,
    licence,
    bytes,
    defaults,
    sizes,
    devices,
    loras,
  } = card;
  return {
    id: slug,
    name,
    family,
    takes_negative_prompt: takesNegativePrompt,
    notices: [...notices],
    is_default: isDefault,
    is_embedded: isEmbedded,
    licence:
      licence === undefined
        ? null
        : { ...licence, link: licence.link ?? null, attributions: [...licence.attributions] },
    weight_bytes: bytes,
    defaults: {
      img_width: defaults.width,
      img_height: defaults.height,
      num_inference_steps: defaults.steps,
      guidance_scale: defaults.guidanceScale,
      scheduler: defaults.scheduler,
      profile: defaults.profile,
    },
    limits: {
      min_side: sizes.minSide,
      max_side: sizes.maxSide,
      side_step: SIDE_STEP,
      max_megapixels: sizes.maxMegapixels,
    },
    price: priceReply(card, tariff),
    parameters: parametersOf(card),
    devices: [...devices],
    loras: [...loras],
    sizes: aspectRatios
      .map((ratio) => ({
        aspect_ratio: ratio,
        ...sizeOfAspectRatio(ratio, { nativeSide: defaults.width, maxSide: sizes.maxSide }),
      }))
      .filter((size) => faultOfSize(size, sizes) === undefined),
  };
}

function priceReply({ slug, defaults }: ModelCard, tariff: Tariff): Model['price'] {
  const { perStepMegapixel, perImage } = ratesOf(slug, tariff);
  return {
    per_step_megapixel: Number(perStepMegapixel),
    per_image: Number(perImage),
    picture: microToNumber(priceOf({ ...defaults, model: slug, samples: 1 }, tariff)),
  };
}

/** Allowed values and defaults of the fields of a request for this model, by their names in `POST /api/jobs`. */
export function parametersOf({
  sizes,
  allowed,
  defaults,
}: Omit<ModelCard, 'onSegmind'>): Record<string, ModelParameter> {
  const range = { min: sizes.minSide, max: sizes.maxSide };
  const presets = { ...defaults, upscaler: usualUpscaler({ allowed }) };
  return modelParameters({ width: { range }, height: { range }, ...allowed }, presets);
}
