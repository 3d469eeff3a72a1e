import { lstatSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CliError } from '../cli-error.ts';
import { freeName, slug, withSuffix } from './file-name.ts';
import { outputFailure } from './output-failure.ts';
import { extensionOf, formatFor, type PictureFormat } from './picture-format.ts';

export interface OutputWish {
  /** `--output`: a file, an existing folder, or nothing. */
  readonly output?: string;
  readonly format?: PictureFormat;
  readonly overwrite?: boolean;
  readonly prompt: string;
  /** One for each picture. Equal seeds are told apart by a number. */
  readonly seeds: readonly number[];
}

export interface OutputPlan {
  readonly format: PictureFormat;
  readonly folder: string;
  /** One for each picture. */
  readonly paths: readonly string[];
  /** Whether the name was asked for, so that another one needs a word of explanation. */
  readonly named: boolean;
  readonly overwrite: boolean;
}

/**
 * Where the pictures go, decided before anything expensive begins. A name that was asked for is used, with `-1`, `-2`, … for several
 * pictures, and must be free unless it may be overwritten; without one the name comes from prompt and seed and is a free one.
 *
 * @throws CliError `output_exists`, `output_unwritable`, or `usage` for a name whose extension is of another format.
 */
export function planOutput(wish: OutputWish): OutputPlan {
  const { output, overwrite = false } = wish;
  if (output === '') throw new CliError('usage', '--output is empty; give a file or a folder, or leave it out');
  if (output === undefined || isFolder(output)) return planNamesFromPrompt(wish, output ?? '.');
  if (/[/\\]$/.test(output))
    throw new CliError('output_unwritable', `the folder ${output} does not exist; create it first`);
  const format = formatFor(output, wish.format);
  const numbered = wish.seeds.map((_, index) =>
    wish.seeds.length === 1 ? output : withSuffix(output, `-${index + 1}`),
  );
  const paths = numbered.map((path) => (overwrite ? replaceable(path) : unused(path)));
  return { format, folder: dirname(paths[0] ?? output), paths, named: true, overwrite };
}

function planNamesFromPrompt(wish: OutputWish, folder: string): OutputPlan {
  const format = formatFor(undefined, wish.format);
  const planned = new Set<string>();
  const repeated = new Set(wish.seeds).size < wish.seeds.length;
  const paths = wish.seeds.map((seed, index) => {
    const name = `${slug(wish.prompt)}-${seed}${repeated ? `-${index + 1}` : ''}${extensionOf(format)}`;
    const path = freeName(join(folder, name), (candidate) => planned.has(candidate) || exists(candidate));
    planned.add(path);
    return path;
  });
  return { format, folder, paths, named: false, overwrite: false };
}

function unused(path: string): string {
  if (!exists(path)) return path;
  throw new CliError('output_exists', `${path} exists already; choose another name or add --overwrite`);
}

/** The file to replace, links followed: replacing the link would leave its target as it was, replacing a device would end badly. */
function replaceable(path: string): string {
  if (!exists(path)) return path;
  const target = statSync(path, { throwIfNoEntry: false });
  if (target?.isFile()) return lstatSync(path).isSymbolicLink() ? realpathSync(path) : path;
  throw new CliError('output_unwritable', `${path} is not a regular file and is not overwritten; choose another name`);
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
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  } catch {
    return false;
  }
}
