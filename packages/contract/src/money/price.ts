import type { Profile } from '../limits.ts';
import type { Size } from '../picture/aspect-ratios.ts';
import { type Decimal, MICRO_PER_CREDIT, parseDecimal } from './micro-credits.ts';

/** In credits, as decimals of any precision. */
export interface Rates {
  /** For one step on one megapixel. */
  readonly perStepMegapixel: string | number;
  /** For each picture besides. */
  readonly perImage: string | number;
}

export interface Tariff extends Rates {
  /** Of models with prices of their own, by their names in requests; what is absent is that of all models. */
  readonly models?: Readonly<Record<string, Partial<Rates>>>;
  /** What the price of a job in a profile is multiplied by; absent: 1. */
  readonly profiles?: Readonly<Partial<Record<Profile, string | number>>>;
}

/** One picture of 25 steps at 1024×1024 costs 0.0037 credits. */
export const defaultTariff: Tariff = { perStepMegapixel: '0.000148', perImage: '0' };

export const PIXELS_PER_MEGAPIXEL = 1_048_576;

/** Everything of a request that has a price; the numbers are whole. */
export interface PricedWork {
  /** Its name in requests. */
  readonly model: string;
  readonly samples: number;
  readonly steps: number;
  readonly width: number;
  readonly height: number;
  readonly profile: Profile;
  /** By how much both sides are enlarged; absent or null: not at all. */
  readonly upscale?: number | null;
}

/** What a model's pictures cost by the step and by the piece. @param model its name in requests */
export function ratesOf(model: string, { perStepMegapixel, perImage, models = {} }: Tariff): Rates {
  const own = Object.hasOwn(models, model) ? models[model] : undefined;
  return { perStepMegapixel: own?.perStepMegapixel ?? perStepMegapixel, perImage: own?.perImage ?? perImage };
}

/**
 * The price in micro-credits: (samples × steps × megapixels × perStepMegapixel + samples × perImage) × the factor of the
 * profile, by the rates of the model and with the megapixels of the finished picture, computed as one exact fraction and then rounded up.
 *
 * @throws RangeError when a count is not a whole number, or the tariff not a decimal
 * @example
 * priceOf({ model: 'playground-v2.5', samples: 1, steps: 25, width: 1024, height: 1024, profile: 'exact' }, defaultTariff); // 3700n
 */
export function priceOf({ model, samples, steps, profile, ...size }: PricedWork, tariff: Tariff): bigint {
  const rates = ratesOf(model, tariff);
  const perStep = parseDecimal(rates.perStepMegapixel);
  const perImage = parseDecimal(rates.perImage);
  const factor = parseDecimal(tariff.profiles?.[profile] ?? 1);
  const places = Math.max(perStep.places, perImage.places);
  const { width, height } = finishedSize(size);
  const pixelSteps = BigInt(samples) * BigInt(steps) * BigInt(width) * BigInt(height);
  const numerator =
    pixelSteps * atPlaces(perStep, places) +
    BigInt(samples) * BigInt(PIXELS_PER_MEGAPIXEL) * atPlaces(perImage, places);
  return ceilDivide(
    numerator * factor.digits * MICRO_PER_CREDIT,
    BigInt(PIXELS_PER_MEGAPIXEL) * 10n ** BigInt(places + factor.places),
  );
}

/** The size of the pictures that a job leaves. */
export function finishedSize({ width, height, upscale }: Pick<PricedWork, 'width' | 'height' | 'upscale'>): Size {
  const by = upscale ?? 1;
  return { width: width * by, height: height * by };
}

function atPlaces({ digits, places }: Decimal, wanted: number): bigint {
  return digits * 10n ** BigInt(wanted - places);
}

/** For a positive divisor. */
function ceilDivide(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  return dividend > quotient * divisor ? quotient + 1n : quotient;
}
