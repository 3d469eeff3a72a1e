import { CodedError } from '@easel/errors';
import { isPaper } from './choose-files.ts';
import { type CachedFile, hasDigest, RepoCache } from './hub/cache.ts';
import { type Environment, hubCache } from './hub/settings.ts';
import { type InstalledModel, installedModels, refuseFolderModel, requireReference } from './installed.ts';
import { lockRepo, type PullEvents } from './pull.ts';
import { formatReference } from './reference.ts';

/**
 * The model of a name or reference in the cache.
 *
 * @throws CodedError `model_not_found` if nothing of it is there; `usage` for one that is not of the Hub
 */
export async function findInstalled(name: string, env: Environment): Promise<InstalledModel> {
  refuseFolderModel(name, env);
  const { repo, revision, file } = requireReference(name);
  const cache = new RepoCache(hubCache(env), repo);
  const commit = cache.commitOf(revision);
  const found = (await installedModels(env)).find(
    (model) =>
      model.repo === repo &&
      model.commit === commit &&
      (file === undefined || model.files.some(({ path }) => path === file)),
  );
  if (found !== undefined) return found;
  // A repository that does not look like a model, or whose first pull was cut, can still be looked at and removed.
  const [first] = commit === undefined ? await cache.commits() : [commit];
  if (first === undefined) {
    throw new CodedError('model_not_found', `${name} is not in ${hubCache(env)}`, {
      remedy: 'easel list shows the models of this machine; easel pull downloads one',
    });
  }
  const files = await cache.files(first);
  return {
    name: formatReference({ repo, revision }),
    ...{ repo, commit: first, refs: await cache.refsTo(first), path: undefined, files },
    bytes: files.reduce((sum, { bytes = 0 }) => sum + bytes, 0),
  };
}

/** A file, and whether it has the content that it must have. */
export interface CheckedFile extends CachedFile {
  /** `unknown`: neither its name in the cache nor a note of a pull says what it must be. */
  readonly state: 'intact' | 'damaged' | 'missing' | 'unknown';
}

/** Reads every file of a model in the cache and compares its hash. @param onFile called before each */
export async function verifyInstalled(
  { files }: InstalledModel,
  signal: AbortSignal,
  onFile?: (file: CachedFile) => void,
): Promise<CheckedFile[]> {
  const checked: CheckedFile[] = [];
  for (const file of files) {
    onFile?.(file);
    checked.push({ ...file, state: await stateOf(file, signal) });
  }
  return checked;
}

async function stateOf({ bytes, digest, place }: CachedFile, signal: AbortSignal): Promise<CheckedFile['state']> {
  if (bytes === undefined) return 'missing';
  if (digest === undefined) return 'unknown';
  return (await hasDigest(place, digest, signal)) ? 'intact' : 'damaged';
}

/** Deletes a model, but no content that another revision in the cache has, too. @returns the bytes that are free again */
export async function removeInstalled(
  { repo, commit, files }: InstalledModel,
  env: Environment,
  signal: AbortSignal,
  onWaiting?: PullEvents['onWaiting'],
): Promise<number> {
  const cache = new RepoCache(hubCache(env), repo);
  await using _lock = await lockRepo({ cache: hubCache(env) }, cache, signal, onWaiting);
  const all = (await cache.files(commit)).map(({ path }) => path);
  const going = new Set(files.flatMap(({ path }) => [path, quantized(path)]));
  // The model card and the licence alone are no model.
  const isWhole = all.every((path) => going.has(path) || isPaper(path));
  return cache.remove(commit, isWhole ? undefined : all.filter((path) => going.has(path)));
}

/** The weights in 8 bits that were made of a single file, beside it. */
function quantized(path: string): string {
  return path.replace(/\.safetensors$/, '.int8');
}
