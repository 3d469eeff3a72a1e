import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { EngineError } from '../errors.ts';
import { recogniseFile } from '../file-kinds.ts';
import { systemCode, unreadable } from '../model-files.ts';

/** What is at a path; nothing else decides this. */
export interface LocatedModel {
  readonly layout: 'diffusers' | 'single-file';
  /** The folder with model_index.json, or the file. */
  readonly path: string;
}

const INDEX = 'model_index.json';
const GIVE = 'give a diffusers folder (it has a model_index.json) or a .safetensors file';

/**
 * Finds the model at a path: a diffusers folder, its model_index.json, a .safetensors file, a folder with exactly one, or a
 * model in the Hugging Face cache, whose files are in a snapshot.
 *
 * @throws EngineError that says what the path is instead, and what helps
 */
export async function locateModel(path: string): Promise<LocatedModel> {
  const facts = await stat(path).catch((cause: unknown) => {
    if (systemCode(cause) !== 'ENOENT') throw unreadable(path, cause);
    throw new EngineError('model_not_found', `there is no model at ${path}`, {
      remedy: GIVE,
      details: { file: path },
      cause,
    });
  });
  if (facts.isDirectory()) return inFolder(path);
  if (!facts.isFile()) throw unsupportedPath(path, 'neither a file nor a folder', GIVE);
  if (basename(path) === INDEX) return { layout: 'diffusers', path: dirname(path) };
  return { layout: 'single-file', path };
}

async function inFolder(path: string): Promise<LocatedModel> {
  const entries = await readdir(path, { withFileTypes: true }).catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
  const names = entries.map(({ name }) => name).sort();
  if (names.includes(INDEX)) return { layout: 'diffusers', path };
  if (names.includes('snapshots')) return inSnapshot(path);
  const cached = names.filter((name) => name.startsWith('models--'));
  if (cached.length > 0) return inCache(path, cached);
  const weights = names.filter((name) => name.endsWith('.safetensors'));
  if (weights.length > 0) return singleFileIn(path, weights, names);
  throw await noModelIn(path, names);
}

async function inSnapshot(path: string): Promise<LocatedModel> {
  const snapshot = await snapshotOf(path);
  const isEmpty = await readdir(snapshot).then(
    (names) => names.length === 0,
    () => false, // reported when it is opened
  );
  if (isEmpty) throw unfinishedDownload(path, `whose snapshot ${basename(snapshot)} is empty`);
  return inFolder(snapshot);
}

function unfinishedDownload(path: string, what: string): EngineError {
  return new EngineError(
    'model_not_found',
    `${path} is a Hugging Face cache folder ${what}: the download did not finish`,
    { remedy: 'download the model again', details: { file: path } },
  );
}

/** huggingface_hub keeps each revision in `snapshots`, and the name of the newest in `refs/main`. */
async function snapshotOf(path: string): Promise<string> {
  const snapshots = (await readdir(join(path, 'snapshots'))).sort();
  const newest = await readFile(join(path, 'refs', 'main'), 'utf8').catch(() => undefined);
  const wanted = newest?.trim() ?? '';
  if (snapshots.includes(wanted)) return join(path, 'snapshots', wanted);
  const [only, ...others] = snapshots;
  if (only !== undefined && others.length === 0) return join(path, 'snapshots', only);
  if (only === undefined) throw unfinishedDownload(path, 'without a snapshot');
  throw unsupportedPath(
    path,
    `a Hugging Face cache folder with several snapshots (${snapshots.join(', ')}) that does not say which is the newest`,
    `give one of them, such as ${join(path, 'snapshots', only)}`,
    'model_not_found',
  );
}

function inCache(path: string, models: readonly string[]): Promise<LocatedModel> {
  const [only, ...others] = models;
  if (only !== undefined && others.length === 0) return inFolder(join(path, only));
  throw unsupportedPath(
    path,
    `a Hugging Face cache of several models (${models.join(', ')})`,
    'give the folder of one of them',
  );
}

function singleFileIn(path: string, weights: readonly string[], names: readonly string[]): LocatedModel {
  if (names.includes('config.json')) {
    const isWholeRepository = basename(dirname(path)) === 'snapshots';
    const help = isWholeRepository
      ? 'it is used with a whole model: a UNet by `--unet`, a VAE by `--vae`, a tiny decoder by `--taesd`'
      : `give the folder above it, ${dirname(path)}, which has to have a ${INDEX}`;
    throw unsupportedPath(
      path,
      `one part of a model (${weights.length === 1 ? weights[0] : 'weights'} and a config.json)`,
      help,
    );
  }
  const [only, ...others] = weights;
  if (only !== undefined && others.length === 0) return { layout: 'single-file', path: join(path, only) };
  throw unsupportedPath(
    path,
    `a folder with ${weights.length} .safetensors files (${weights.slice(0, 5).join(', ')})`,
    'give one of them',
  );
}

async function noModelIn(path: string, names: readonly string[]): Promise<EngineError> {
  if (names.length === 0) return unsupportedPath(path, 'an empty folder', GIVE, 'model_not_found');
  if (names.includes('unet') || names.includes('vae')) {
    const message = `${join(path, INDEX)} is missing, though other parts of a diffusers folder are there`;
    return new EngineError('model_file_missing', message, { details: { file: join(path, INDEX) } });
  }
  for (const name of names) {
    if (await isModelFolder(join(path, name)))
      return unsupportedPath(path, 'no model itself', `the model is in ${join(path, name)}; give that folder`);
  }
  const foreign = names.find((name) => MODEL_FILES.has(extname(name).toLowerCase()));
  const kind = foreign === undefined ? undefined : await recogniseFile(join(path, foreign)).catch(() => undefined);
  if (foreign !== undefined && kind)
    return unsupportedPath(path, `a folder whose ${foreign} is ${kind.what}`, kind.help);
  const some = names.slice(0, 5).join(', ');
  return unsupportedPath(
    path,
    `a folder without a model (no ${INDEX}; it holds ${some}${names.length > 5 ? ' …' : ''})`,
    GIVE,
  );
}

/** Files in which other programs store models. */
const MODEL_FILES = new Set(['.ckpt', '.pt', '.pth', '.bin', '.gguf', '.onnx', '.h5', '.zip', '.tar', '.gz', '.7z']);

async function isModelFolder(path: string): Promise<boolean> {
  return stat(join(path, INDEX)).then(
    (facts) => facts.isFile(),
    () => false,
  );
}

function unsupportedPath(
  path: string,
  what: string,
  remedy: string,
  code: 'model_unsupported' | 'model_not_found' = 'model_unsupported',
): EngineError {
  return new EngineError(code, `${path} is ${what}`, { remedy, details: { file: path } });
}
