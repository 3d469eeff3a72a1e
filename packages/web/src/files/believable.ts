import { longestPrompt } from '@easel/contract';
import type { Settings } from '../playground/settings.ts';

/** What a file says of how it was made, before anything of it is believed. */
export interface Claims {
  readonly prompt?: unknown;
  readonly negativePrompt?: unknown;
  readonly steps?: unknown;
  readonly seed?: unknown;
  readonly guidanceScale?: unknown;
  readonly width?: unknown;
  readonly height?: unknown;
  readonly sampler?: unknown;
  readonly model?: unknown;
}

/** The settings among the claims that a form could have sent; the rest is left out. */
export function believable(claims: Claims): Partial<Settings> {
  const [width, height] = [whole(claims.width, 1, 16_384), whole(claims.height, 1, 16_384)];
  const settings = {
    prompt: text(claims.prompt) || undefined,
    negativePrompt: text(claims.negativePrompt) ?? '',
    samples: 1,
    steps: whole(claims.steps, 1, 100),
    seed: whole(claims.seed, 0, 999_999_999_999_999),
    guidanceScale: number(claims.guidanceScale, 1, 25),
    ...(width !== undefined && height !== undefined && { width, height }),
    scheduler: schedulerLike(text(claims.sampler)),
    model: text(claims.model) || undefined,
  };
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}

/** What the claims say that is not among the settings, in a few words each. */
export function notBelieved(claims: Claims, settings: Partial<Settings>): string[] {
  const seen = [
    ['prompt', claims.prompt, settings.prompt],
    ['negative prompt', claims.negativePrompt, settings.negativePrompt || undefined],
    ['steps', claims.steps, settings.steps],
    ['seed', claims.seed, settings.seed],
    ['guidance', claims.guidanceScale, settings.guidanceScale],
  ] as const;
  return seen
    .filter(([, claimed, taken]) => isSaid(claimed) && taken === undefined)
    .map(([name, claimed]) => `${name} ${shown(claimed)}`);
}

function isSaid(claim: unknown): boolean {
  return claim !== undefined && claim !== null && claim !== '';
}

/** Any claim, short enough for a sentence. */
export function shown(claim: unknown): string {
  const words = typeof claim === 'string' ? claim : JSON.stringify(claim);
  return words.length > 40 ? `${words.slice(0, 40)}…` : words;
}

/** Other tools have dozens of samplers; ours are of two kinds. */
function schedulerLike(sampler: string | undefined): Settings['scheduler'] | undefined {
  if (sampler === undefined || sampler === '') return undefined;
  return /euler/i.test(sampler) ? 'edm_euler' : 'edm_dpmpp_2m';
}

function text(claim: unknown): string | undefined {
  return typeof claim === 'string' && claim.length <= longestPrompt ? claim.trim() : undefined;
}

function number(claim: unknown, min: number, max: number): number | undefined {
  const value = typeof claim === 'string' && claim.trim() !== '' ? Number(claim) : claim;
  return typeof value === 'number' && value >= min && value <= max ? value : undefined;
}

function whole(claim: unknown, min: number, max: number): number | undefined {
  const value = number(claim, min, max);
  return value !== undefined && Number.isInteger(value) ? value : undefined;
}
