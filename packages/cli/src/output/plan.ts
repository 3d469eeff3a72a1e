import { lstatSync, realpathSync, type Stats, statSync } from 'node:fs';
import { dirname, extname, join, parse } from 'node:path';
import { type ImageFormat, imageFormats } from '@easel/contract/fields';
import { CodedError } from '@easel/errors';
import { outputFailure } from './folder.ts';

export interface OutputRequest {
  /** `--output`: a file, a folder, `-` for standard output, or nothing. */
  readonly output?: string;
  readonly format?: ImageFormat;
  readonly overwrite?: boolean;
  readonly prompt: string;
  /** One for each picture. Equal seeds are told apart by a number. */
  readonly seeds: readonly number[];
}

/** Pictures that become files. */
export interface FilePlan {
  readonly kind: 'files';
  readonly format: ImageFormat;
  readonly folder: string;
  /** The folder does not exist yet, and its name ends in a slash. */
  readonly createFolder: boolean;
  /** One for each picture. */
  readonly paths: readonly string[];
  /** Whether the name was given, so that another one needs an explanation. */
  readonly named: boolean;
  readonly overwrite: boolean;
}

/** One picture that is written into something that is not a file: standard output, a named pipe, a terminal, /dev/null. */
export interface StreamPlan {
  readonly kind: 'stream';
  readonly format: ImageFormat;
  /** Undefined is standard output. */
  readonly path: string | undefined;
}

export type OutputPlan = FilePlan | StreamPlan;

/** Names of standard output. */
const standardOutput = new Set(['-', '/dev/stdout', '/dev/fd/1', '/proc/self/fd/1']);

/**
 * Decides where the pictures go, before anything expensive begins. A name that was given is used, with `-1`, `-2`, … for several
 * pictures, and must be free unless it may be overwritten; without one the name comes from prompt and seed, and is a free one unless
 * it may be overwritten. A name that ends in a slash is a folder, which may have to be created. `-` is standard output.
 *
 * @throws CodedError `output_exists`, `output_unwritable`, or `usage` for a name whose extension is of another format and for several
 *   pictures into one stream.
 */
export function planOutput(request: OutputRequest): OutputPlan {
  const { output, overwrite = false } = request;
  if (output === '') {
    throw new CodedError('usage', '--output is empty', { remedy: 'give a file or a folder, or leave it out' });
  }
  if (output === undefined || isFolder(output)) return planNamesFromPrompt(request, output ?? '.');
  if (standardOutput.has(output)) return planStream(request, output, undefined);
  if (isStream(output)) return planStream(request, output, output);
  if (/[/\\]$/.test(output)) return planNamesFromPrompt(request, output, true);
  const format = formatFor(output, request.format);
  const numbered = request.seeds.map((_, index) =>
    request.seeds.length === 1 ? output : withSuffix(output, `-${index + 1}`),
  );
  const paths = numbered.map((path) => (overwrite ? replaceable(path) : requireFree(path)));
  const folder = dirname(paths[0] ?? output);
  return { kind: 'files', format, folder, createFolder: false, paths, named: true, overwrite };
}

function planNamesFromPrompt(request: OutputRequest, folder: string, createFolder = false): FilePlan {
  const { overwrite = false } = request;
  const format = formatFor(undefined, request.format);
  const planned = new Set<string>();
  const repeated = new Set(request.seeds).size < request.seeds.length;
  const paths = request.seeds.map((seed, index) => {
    const name = `${slug(request.prompt)}-${seed}${repeated ? `-${index + 1}` : ''}${extensionFor(format)}`;
    const wanted = join(folder, name);
    const path = overwrite
      ? replaceable(wanted)
      : freeName(wanted, (candidate) => planned.has(candidate) || exists(candidate));
    planned.add(path);
    return path;
  });
  return { kind: 'files', format, folder, createFolder, paths, named: false, overwrite };
}

function planStream({ seeds, format }: OutputRequest, output: string, path: string | undefined): StreamPlan {
  if (seeds.length > 1) {
    throw new CodedError('usage', `--output ${output} takes one picture (got --samples ${seeds.length})`, {
      remedy: 'give a folder or a file name for several',
    });
  }
  return { kind: 'stream', format: formatFor(undefined, format), path };
}

function requireFree(path: string): string {
  if (!exists(path)) return path;
  throw new CodedError('output_exists', `${path} already exists`);
}

/** The file to replace, links followed: replacing the link would leave its target unchanged, and a device must not be replaced. */
function replaceable(path: string): string {
  if (!exists(path)) return path;
  const target = statSync(path, { throwIfNoEntry: false });
  if (target?.isFile()) return lstatSync(path).isSymbolicLink() ? realpathSync(path) : path;
  throw new CodedError('output_unwritable', `${path} is not a regular file, so it is not overwritten`, {
    remedy: 'choose another name',
  });
}

/** Whether the name is taken, even by a broken link. What cannot be looked up cannot be saved. */
function exists(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    throw outputFailure(dirname(path), error);
  }
}

function isFolder(path: string): boolean {
  return statPath(path)?.isDirectory() ?? false;
}

/** A pipe or a character device such as /dev/null, not a disk. */
function isStream(path: string): boolean {
  const found = statPath(path);
  return found !== undefined && (found.isFIFO() || found.isCharacterDevice());
}

function statPath(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** The values of `--format`; many people type jpg. */
export const formatNames = [...imageFormats, 'jpg'] as const;

/** @param name one of `formatNames` */
export function formatOfName(name: string): ImageFormat {
  return imageFormats.find((format) => format === name) ?? 'jpeg';
}

const formatOfExtension: Readonly<Record<string, ImageFormat>> = {
  '.png': 'png',
  '.jpg': 'jpeg',
  '.jpeg': 'jpeg',
  '.jfif': 'jpeg',
  '.webp': 'webp',
};

/** Extensions of formats that are not supported. */
const otherPictures = new Set([
  '.avif',
  '.bmp',
  '.gif',
  '.heic',
  '.heif',
  '.jp2',
  '.jxl',
  '.ppm',
  '.svg',
  '.tif',
  '.tiff',
]);

/**
 * The format of the file `path`: `asked`, else that of its extension, else PNG.
 *
 * @throws CodedError `usage` when the extension is that of another format.
 */
export function formatFor(path: string | undefined, asked: ImageFormat | undefined): ImageFormat {
  const extension = path === undefined ? '' : extname(path).toLowerCase();
  const promised = formatOfExtension[extension];
  if (promised === undefined && otherPictures.has(extension)) {
    throw new CodedError('usage', `${extension} files are not supported (got --output ${path})`, {
      remedy: `the formats are ${imageFormats.join(', ')}`,
    });
  }
  if (promised !== undefined && asked !== undefined && promised !== asked) {
    throw new CodedError('usage', `--format ${asked} contradicts the extension of --output ${path}`, {
      remedy: 'leave one of them out',
    });
  }
  return asked ?? promised ?? 'png';
}

function extensionFor(format: ImageFormat): string {
  return format === 'jpeg' ? '.jpg' : `.${format}`;
}

/** Bytes of the prompt in a name; file systems stop at 255 in all. */
const MAX_SLUG_LENGTH = 80;

/**
 * A prompt as the beginning of a file's name: letters (of any script) and digits in lower case, all else a hyphen, cut between words.
 *
 * @example slug('A red apple, on blue!') // 'a-red-apple-on-blue'
 */
export function slug(prompt: string): string {
  const words =
    prompt
      .normalize('NFC')
      .toLowerCase()
      .match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
  let name = '';
  for (const word of words) {
    const longer = name === '' ? word : `${name}-${word}`;
    if (Buffer.byteLength(longer) > MAX_SLUG_LENGTH) break;
    name = longer;
  }
  return name === '' ? 'picture' : name;
}

/** `out.png` and `-2` make `out-2.png`. */
export function withSuffix(path: string, suffix: string): string {
  const extension = extname(path);
  return `${path.slice(0, path.length - extension.length)}${suffix}${extension}`;
}

/** The first of `path`, `path_2`, `path_3`, … (before the extension) for which `taken` is false. */
export function freeName(path: string, taken: (candidate: string) => boolean): string {
  let candidate = path;
  for (let number = 2; taken(candidate); number += 1) candidate = withSuffix(path, `_${number}`);
  return candidate;
}

/** `out.png` has its previews in `out.preview.png`. */
export function previewName(path: string): string {
  const { dir, name } = parse(path);
  return join(dir, `${name}.preview.png`);
}
