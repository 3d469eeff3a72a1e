import type { ImageFormat, JobCreate } from '@easel/contract';
import { type Field, isOn, isWithin, pictureFields, rangeOn, writeRequest } from '@easel/contract/fields';
import { CodedError } from '@easel/errors';
import { optionName } from '../options.ts';
import { type GenerateFlags, optionOf } from './flags.ts';
import { lorasOf } from './lora-flags.ts';
import type { StartFiles } from './start-files.ts';

/** Options of the engine, which the server sets itself. */
const engineOptions = [
  'modelConfig',
  'variant',
  'family',
  'unet',
  'vae',
  'int8File',
  'threads',
  'device',
  'arithmetic',
  'memory',
  'textCache',
  'taesd',
  'loraAnyBase',
] as const satisfies (keyof GenerateFlags)[];

/** @throws CodedError `usage` for options without effect on a server, and for values outside the limits of its API */
export function checkRemoteFlags(flags: GenerateFlags): void {
  if (flags.upscaler !== undefined && upscalerOnServer(flags.upscaler) === undefined) {
    const message = `--upscaler must be ${upscalers.join(' or ')} with --server, which has a network of its own`;
    throw new CodedError('usage', `${message} (got ${JSON.stringify(flags.upscaler)})`);
  }
  const given = new Map<string, unknown>(Object.entries(flags));
  for (const name of engineOptions) if (given.has(name)) throw notSupported(optionOf(name));
  for (const [name, field] of Object.entries<Field>(pictureFields)) {
    const value = given.get(name);
    if (field.option === undefined || value === undefined) continue;
    if (!isOn(field, 'api')) throw notSupported(optionName(field));
    const range = rangeOn(field, 'api');
    if (typeof value !== 'number' || range === undefined || isWithin(value, range)) continue;
    const message = `${optionName(field)} must be from ${range.min} to ${range.max} with --server (got ${value})`;
    throw new CodedError('usage', message);
  }
}

const upscalers = pictureFields.upscaler.choices;

function upscalerOnServer(name: string | undefined): (typeof upscalers)[number] | undefined {
  return upscalers.find((each) => each === name);
}

function notSupported(option: string): CodedError {
  return new CodedError('usage', `${option} cannot be used with --server`, { remedy: 'leave one of them out' });
}

export interface JobParts {
  readonly prompt: string;
  readonly flags: GenerateFlags;
  readonly seed: number;
  readonly format: ImageFormat;
  /** The start image and its mask in base64. */
  readonly start: StartFiles<string> | undefined;
  readonly preview: boolean;
}

/** Builds the job from the options: what is absent stays absent, so that the server's defaults apply. */
export function buildJob({ prompt: given, flags, seed, format, start, preview }: JobParts): JobCreate {
  const { prompt, loras } = lorasOf(given, flags);
  const {
    size: { width = start?.size?.width, height = start?.size?.height } = flags,
    device: _device,
    arithmetic: _arithmetic,
    upscaler,
    ...values
  } = flags;
  return writeRequest({
    ...values,
    prompt,
    upscaler: upscalerOnServer(upscaler),
    ...(loras.length > 0 && { loras }),
    seed,
    width,
    height,
    format,
    image: start?.image,
    mask: start?.mask,
    preview,
    embedParameters: flags.metadata,
  });
}
