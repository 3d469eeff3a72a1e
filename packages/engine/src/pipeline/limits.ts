import { EngineError } from '../errors.ts';
import type { ModelSizes } from '../model.ts';

export interface Range {
  readonly min: number;
  readonly max: number;
  readonly whole?: boolean;
}

/** What the engine accepts; callers may set tighter limits. */
export const engineLimits = {
  side: { min: 64, max: 2048, whole: true },
  steps: { min: 1, max: 100, whole: true },
  guidance: { min: 0, max: 25 },
  rescale: { min: 0, max: 1 },
  strength: { min: 0, max: 1 },
  maskPadding: { min: 0, max: 1024, whole: true },
  maskBlur: { min: 0, max: 64 },
  variationStrength: { min: 0, max: 1 },
  samples: { min: 1, max: 4, whole: true },
  loras: { min: 0, max: 8, whole: true },
  loraWeight: { min: -4, max: 4 },
} as const satisfies Record<string, Range>;

/** The largest picture that enlarging makes: of each side, and of all its pixels. */
export const upscaledLimits = { side: 8192, pixels: 16 * 2 ** 20 };

/** Splitting a text takes time quadratic in the length of its longest word, and few of its tokens are used. */
const TEXT_LENGTH = 20_000;
const MAX_SIDE = 65_535;

/** The grid of the convolutions: eight image pixels are one latent pixel. */
const SIDE_STEP = 8;

export function requireNumber(param: string, value: number, { min, max, whole = false }: Range): number {
  const isNumber = whole ? Number.isInteger(value) : Number.isFinite(value);
  if (isNumber && value >= min && value <= max) return value;
  const kind = whole ? 'a whole number' : 'a number';
  throw invalid(param, `${param} must be ${kind} between ${min} and ${max} (got ${String(value)})`);
}

/** @param sizes of the model, if it has limits of its own */
export function requireSize(param: string, value: number, sizes?: ModelSizes): number {
  const { min, max } = sizes?.isLimit ? { min: sizes.minSide, max: sizes.maxSide } : engineLimits.side;
  if (Number.isInteger(value) && value % SIDE_STEP === 0 && value >= min && value <= max) return value;
  const problem = `${param} must be a multiple of ${SIDE_STEP} between ${min} and ${max} (got ${String(value)})`;
  const isOfModel = sizes?.isLimit && value > max && value <= engineLimits.side.max;
  throw invalid(
    param,
    isOfModel ? `${problem}: this model draws up to ${max}×${max}` : problem,
    isOfModel ? 'for larger pictures load a full-size model such as Playground v2.5' : undefined,
  );
}

export function requireText(param: string, value: unknown): string {
  if (typeof value !== 'string') {
    throw invalid(param, `${param} must be a string (got ${kindOf(value)})`);
  }
  if (value.length <= TEXT_LENGTH) return value;
  throw invalid(
    param,
    `${param} must have at most ${TEXT_LENGTH} characters (got ${value.length})`,
    'shorten it: the model reads 75 tokens, with longPrompts 600',
  );
}

export function requireChoice<T extends string | number | boolean>(param: string, value: T, allowed: readonly T[]): T {
  if (allowed.includes(value)) return value;
  throw invalid(param, `${param} must be ${allowed.join(' or ')} (got ${JSON.stringify(value)})`);
}

export function requireObject(param: string, value: unknown): void {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return;
  throw invalid(param, `${param} must be an object (got ${kindOf(value)})`);
}

export function requireArray(param: string, value: unknown): void {
  if (!Array.isArray(value)) throw invalid(param, `${param} must be an array (got ${kindOf(value)})`);
}

/** Also of another realm, such as that of a test runner. */
export function requireFloats(param: string, value: unknown): void {
  if (Object.prototype.toString.call(value) === '[object Float32Array]') return;
  throw invalid(param, `${param} must be a Float32Array (got ${kindOf(value)})`);
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : typeof value;
}

/** Absent: false. */
export function requireBoolean(param: string, value: unknown = false): boolean {
  if (typeof value === 'boolean') return value;
  throw invalid(param, `${param} must be true or false (got ${JSON.stringify(value)})`);
}

/** Sizes and crops for micro-conditioning: the model was trained with the sizes of real pictures. */
export function requirePair(param: string, pair: readonly number[]): void {
  const isSide = (side: number) => Number.isInteger(side) && side >= 0 && side <= MAX_SIDE;
  if (Array.isArray(pair) && pair.length === 2 && pair.every(isSide)) return;
  throw invalid(param, `${param} must be two whole numbers from 0 to ${MAX_SIDE} (got ${JSON.stringify(pair)})`);
}

export function invalid(param: string, message: string, remedy?: string): EngineError {
  return new EngineError('invalid_request', message, { remedy, details: { param } });
}
