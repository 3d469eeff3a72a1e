import {
  type GenerateRequest,
  type ImageToImage,
  type LoraRequest,
  type MicroConditioning,
  requestFields,
  type SchedulerOverrides,
} from '../model.ts';
import type { Acceleration } from '../profiles.ts';
import { invalid, requireArray, requireFloats, requireObject } from './limits.ts';

const image = {
  picture: true,
  strength: true,
  mask: true,
  maskPadding: true,
  maskBlur: true,
} as const satisfies Record<keyof ImageToImage, true>;

const schedulerOverrides = {
  solverOrder: true,
  solverType: true,
  sigmaSchedule: true,
} as const satisfies Record<keyof SchedulerOverrides, true>;

const microConditioning = {
  originalSize: true,
  cropTopLeft: true,
  targetSize: true,
  negativeOriginalSize: true,
  negativeCropTopLeft: true,
  negativeTargetSize: true,
} as const satisfies Record<keyof MicroConditioning, true>;

const acceleration = {
  guidanceSigmaMin: true,
  guidanceSigmaMax: true,
  guidanceUntil: true,
  reuseThreshold: true,
  cacheInterval: true,
  cacheBranch: true,
  crossAttentionUntil: true,
} as const satisfies Record<keyof Acceleration, true>;

const lora = { file: true, weight: true, anyBase: true } as const satisfies Record<keyof LoraRequest, true>;

const parts = [
  ['image', image],
  ['schedulerOverrides', schedulerOverrides],
  ['microConditioning', microConditioning],
  ['acceleration', acceleration],
] as const;

/** What other interfaces call these fields, in lower case without separators. */
const otherNames: Readonly<Record<string, string>> = {
  numinferencesteps: 'steps',
  cfg: 'guidanceScale',
  cfgscale: 'guidanceScale',
  guidance: 'guidanceScale',
  sampler: 'scheduler',
  samplername: 'scheduler',
  n: 'samples',
  count: 'samples',
  batchsize: 'samples',
  numimages: 'samples',
  numimagesperprompt: 'samples',
  negative: 'negativePrompt',
  initimage: 'image',
  maskimage: 'mask',
  paddingmaskcrop: 'maskPadding',
  inpaintfullrespadding: 'maskPadding',
  blur: 'maskBlur',
  imgwidth: 'width',
  imgheight: 'height',
  text: 'prompt',
  subseed: 'variationSeed',
  subseedstrength: 'variationStrength',
  variationseedstrength: 'variationStrength',
  variationamount: 'variationStrength',
};

/**
 * Rejects fields that would otherwise be silently ignored, and parts that are no objects or arrays.
 *
 * @returns the request, also its parts, without what is null or undefined: both are as good as absent
 * @throws EngineError `invalid_request`, suggesting the field that may have been meant
 */
export function checkedRequest(request: GenerateRequest): GenerateRequest {
  requireObject('request', request);
  requireFields('', request, requestFields);
  const given: GenerateRequest = { prompt: request.prompt, ...withoutNull(request) };
  const checkedParts = parts.flatMap(([name, known]) => {
    const part = given[name];
    if (part === undefined) return [];
    requireObject(name, part);
    requireFields(`${name}.`, part, known);
    return [[name, withoutNull(part)] as const];
  });
  requireArray('seeds', given.seeds ?? []);
  requireFloats('latents', given.latents ?? new Float32Array());
  const loras = given.loras !== undefined && { loras: checkedLoras(given.loras) };
  return { ...given, ...Object.fromEntries(checkedParts), ...loras };
}

function checkedLoras(loras: readonly LoraRequest[]): readonly LoraRequest[] {
  requireArray('loras', loras);
  return loras.map((one, index) => {
    requireObject(`loras[${index}]`, one);
    requireFields(`loras[${index}].`, one, lora);
    return { file: one.file, weight: one.weight, ...withoutNull(one) };
  });
}

export function withoutNull(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, content]) => content !== undefined && content !== null));
}

/** @param place before the names in messages, such as `image.`. @throws EngineError `invalid_request` */
export function requireFields(place: string, value: object, known: Readonly<Record<string, true>>): void {
  for (const [name, content] of Object.entries(value)) {
    if (content === undefined || Object.hasOwn(known, name)) continue;
    const names = Object.keys(known);
    const meant = nearest(name, names);
    const hint = meant === undefined ? `the fields are ${names.join(', ')}` : `did you mean ${place}${meant}?`;
    throw invalid(place + name, `${place}${name} is not a field here`, hint);
  }
}

function nearest(name: string, known: readonly string[]): string | undefined {
  const plain = (text: string) => text.replace(/[_\- ]/g, '').toLowerCase();
  const other = otherNames[plain(name)];
  if (other !== undefined && known.includes(other)) return other;
  const distances = known.map((candidate) => [distance(plain(name), plain(candidate)), candidate] as const);
  const [best] = distances.toSorted(([a], [b]) => a - b);
  return best && best[0] <= Math.min(2, name.length / 2) ? best[1] : undefined;
}

/** Levenshtein distance: letters to insert, delete or substitute. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length];
}
