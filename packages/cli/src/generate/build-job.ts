import type { JobCreate } from '@easel/contract';
import { type Field, isOn, isWithin, pictureFields, rangeOn, wireName, writeRequest } from '@easel/contract/fields';
import { CodedError } from '@easel/errors';
import type { PictureFormat } from '../output/picture-format.ts';
import type { GenerateFlags } from './generate-flags.ts';

/** Options about the engine, which a server chooses by itself. */
const engineOptions = {
  modelConfig: '--model-config',
  variant: '--variant',
  threads: '--threads',
} as const satisfies Partial<Record<keyof GenerateFlags, string>>;

const fields: readonly (readonly [string, Field])[] = Object.entries(pictureFields);

/** @throws CodedError `usage` for an option that would do nothing with a server, and for a value that its API does not take */
export function checkRemoteFlags(flags: GenerateFlags): void {
  const given = new Map<string, unknown>(Object.entries(flags));
  for (const [name, option] of Object.entries(engineOptions)) if (given.has(name)) throw notRemote(option);
  for (const [name, field] of fields) {
    const value = given.get(name);
    if (field.option === undefined || value === undefined) continue;
    if (!isOn(field, 'api')) throw notRemote(optionOf(field));
    const range = rangeOn(field, 'api');
    if (typeof value !== 'number' || range === undefined || isWithin(value, range)) continue;
    const message = `${optionOf(field)} must be from ${range.min} to ${range.max} with --server (got ${value})`;
    throw new CodedError('usage', message);
  }
}

function notRemote(option: string): CodedError {
  return new CodedError('usage', `${option} cannot be used with --server; leave one of them out`);
}

/** The long name of a field's option; of a field that has none, what people call it. */
function optionOf({ option, words }: Field): string {
  return /--[a-z0-9-]+/.exec(option?.flags ?? '')?.[0] ?? `the ${words}`;
}

/** A server's message about a field, in the terms of the command line: `img_width must be …` is about --width. */
export function withOptionNames(message: string, param: string): string {
  const field = fields.find(([name, each]) => isOn(each, 'api') && wireName(name, 'api') === param)?.[1];
  if (!message.startsWith(`${param} `) || field === undefined) return message;
  return `${optionOf(field)}${message.slice(param.length)}`;
}

export interface JobParts {
  readonly prompt: string;
  readonly flags: GenerateFlags;
  readonly seed: number;
  readonly format: PictureFormat;
  /** The picture to start from, base64 of its file. */
  readonly image: string | undefined;
  readonly preview: boolean;
}

/** The job for the options: what is absent stays absent, so that the server's defaults apply. */
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
