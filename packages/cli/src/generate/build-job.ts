import type { ImageFormat, JobCreate } from '@easel/contract';
import { type Field, isOn, isWithin, pictureFields, rangeOn, wireName, writeRequest } from '@easel/contract/fields';
import { CodedError } from '@easel/errors';
import type { GenerateFlags } from './flags.ts';

/** Options of the engine, which the server sets itself. */
const engineOptions = {
  modelConfig: '--model-config',
  variant: '--variant',
  precision: '--precision',
  int8File: '--int8-file',
  threads: '--threads',
  taesd: '--taesd',
} as const satisfies Partial<Record<keyof GenerateFlags, string>>;

const fields: readonly (readonly [string, Field])[] = Object.entries(pictureFields);

/** @throws CodedError `usage` for options without effect on a server, and for values outside the limits of its API */
export function checkRemoteFlags(flags: GenerateFlags): void {
  const given = new Map<string, unknown>(Object.entries(flags));
  for (const [name, option] of Object.entries(engineOptions)) if (given.has(name)) throw notSupported(option);
  for (const [name, field] of fields) {
    const value = given.get(name);
    if (field.option === undefined || value === undefined) continue;
    if (!isOn(field, 'api')) throw notSupported(optionName(field));
    const range = rangeOn(field, 'api');
    if (typeof value !== 'number' || range === undefined || isWithin(value, range)) continue;
    const message = `${optionName(field)} must be from ${range.min} to ${range.max} with --server (got ${value})`;
    throw new CodedError('usage', message);
  }
}

function notSupported(option: string): CodedError {
  return new CodedError('usage', `${option} cannot be used with --server`, { remedy: 'leave one of them out' });
}

/** The long name of a field's option, or the words for a field without an option. */
function optionName({ option, words }: Field): string {
  return /--[a-z0-9-]+/.exec(option?.flags ?? '')?.[0] ?? `the ${words}`;
}

/** Puts a server's message about a field in the terms of the command line: `img_width must be …` is about --width. */
export function withOptionNames(message: string, param: string): string {
  const field = fields.find(([name, each]) => isOn(each, 'api') && wireName(name, 'api') === param)?.[1];
  if (!message.startsWith(`${param} `) || field === undefined) return message;
  return `${optionName(field)}${message.slice(param.length)}`;
}

export interface JobParts {
  readonly prompt: string;
  readonly flags: GenerateFlags;
  readonly seed: number;
  readonly format: ImageFormat;
  /** The file of the start image in base64. */
  readonly image: string | undefined;
  readonly preview: boolean;
}

/** Builds the job from the options: what is absent stays absent, so that the server's defaults apply. */
export function buildJob({ prompt, flags, seed, format, image, preview }: JobParts): JobCreate {
  const { size: { width, height } = flags, ...values } = flags;
  return writeRequest({
    ...values,
    prompt,
    seed,
    width,
    height,
    format,
    image,
    preview,
    embedParameters: flags.metadata,
  });
}
