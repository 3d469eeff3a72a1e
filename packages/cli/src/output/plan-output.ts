import { lstatSync, realpathSync, type Stats, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CodedError } from '@easel/errors';
import { freeName, slug, withSuffix } from './file-name.ts';
import { outputFailure } from './output-failure.ts';
import { extensionOf, formatFor, type PictureFormat } from './picture-format.ts';

export interface OutputWish {
  /** `--output`: a file, a folder, `-` for standard output, or nothing. */
  readonly output?: string;
  readonly format?: PictureFormat;
  readonly overwrite?: boolean;
  readonly prompt: string;
  /** One for each picture. Equal seeds are told apart by a number. */
  readonly seeds: readonly number[];
}

/** Pictures that become files. */
export interface FilePlan {
  readonly kind: 'files';
  readonly format: PictureFormat;
  readonly folder: string;
  /** The folder does not exist, and its name says that it should. */
  readonly createFolder: boolean;
  /** One for each picture. */
  readonly paths: readonly string[];
  /** Whether the name was asked for, so that another one needs a word of explanation. */
  readonly named: boolean;
  readonly overwrite: boolean;
}

/** One picture that is written into something that is no file: standard output, a named pipe, a terminal, /dev/null. */
export interface StreamPlan {
  readonly kind: 'stream';
  readonly format: PictureFormat;
  /** Undefined is standard output. */
  readonly path: string | undefined;
}

export type OutputPlan = FilePlan | StreamPlan;

/** What standard output is called: by the custom of command lines, and by the system. */
const standardOutput = new Set(['-', '/dev/stdout', '/dev/fd/1', '/proc/self/fd/1']);

/**
 * Where the pictures go, decided before anything expensive begins. A name that was asked for is used, with `-1`, `-2`, … for several
 * pictures, and must be free unless it may be overwritten; without one the name comes from prompt and seed, and is a free one unless
 * it may be overwritten. A name that ends in a slash is a folder, which may have to be created. `-` is standard output.
 *
 * @throws CodedError `output_exists`, `output_unwritable`, or `usage` for a name whose extension is of another format and for several
 *   pictures into one stream.
 */
export function planOutput(wish: OutputWish): OutputPlan {
  const { output, overwrite = false } = wish;
  if (output === '') throw new CodedError('usage', '--output is empty; give a file or a folder, or leave it out');
  if (output === undefined || isFolder(output)) return planNamesFromPrompt(wish, output ?? '.');
  if (standardOutput.has(output)) return planStream(wish, output, undefined);
  if (isStream(output)) return planStream(wish, output, output);
  if (/[/\\]$/.test(output)) return planNamesFromPrompt(wish, output, true);
  const format = formatFor(output, wish.format);
  const numbered = wish.seeds.map((_, index) =>
    wish.seeds.length === 1 ? output : withSuffix(output, `-${index + 1}`),
  );
  const paths = numbered.map((path) => (overwrite ? replaceable(path) : unused(path)));
  const folder = dirname(paths[0] ?? output);
  return { kind: 'files', format, folder, createFolder: false, paths, named: true, overwrite };
}

function planNamesFromPrompt(wish: OutputWish, folder: string, createFolder = false): FilePlan {
  const { overwrite = false } = wish;
  const format = formatFor(undefined, wish.format);
  const planned = new Set<string>();
  const repeated = new Set(wish.seeds).size < wish.seeds.length;
  const paths = wish.seeds.map((seed, index) => {
    const name = `${slug(wish.prompt)}-${seed}${repeated ? `-${index + 1}` : ''}${extensionOf(format)}`;
    const wanted = join(folder, name);
    const path = overwrite
      ? replaceable(wanted)
      : freeName(wanted, (candidate) => planned.has(candidate) || exists(candidate));
    planned.add(path);
    return path;
  });
  return { kind: 'files', format, folder, createFolder, paths, named: false, overwrite };
}

function planStream({ seeds, format }: OutputWish, output: string, path: string | undefined): StreamPlan {
  if (seeds.length > 1) {
    throw new CodedError(
      'usage',
      `--output ${output} takes one picture (got --samples ${seeds.length}); give a folder or a file name for several`,
    );
  }
  return { kind: 'stream', format: formatFor(undefined, format), path };
}

function unused(path: string): string {
  if (!exists(path)) return path;
  throw new CodedError('output_exists', `${path} exists already; choose another name or add --overwrite`);
}

/** The file to replace, links followed: replacing the link would leave its target as it was, replacing a device would end badly. */
function replaceable(path: string): string {
  if (!exists(path)) return path;
  const target = statSync(path, { throwIfNoEntry: false });
  if (target?.isFile()) return lstatSync(path).isSymbolicLink() ? realpathSync(path) : path;
  throw new CodedError(
    'output_unwritable',
    `${path} is not a regular file and is not overwritten; choose another name`,
  );
}

/** Whether the name is taken, be it by a link that leads nowhere. What cannot even be looked up cannot be saved. */
function exists(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    throw outputFailure(dirname(path), error);
  }
}

function isFolder(path: string): boolean {
  return statOf(path)?.isDirectory() ?? false;
}

/** A pipe or a device such as /dev/null; a disk is none. */
function isStream(path: string): boolean {
  const found = statOf(path);
  return found !== undefined && (found.isFIFO() || found.isCharacterDevice());
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
