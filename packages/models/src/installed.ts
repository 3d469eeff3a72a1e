import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { demoModelPath } from '@easel/demo-model';
import { type FamilyName, findModel, modelsFolder } from '@easel/engine';
import { CodedError, hasCode, nearNames } from '@easel/errors';
import { knownModel, knownModels, nameOfReference } from './catalogue.ts';
import { type CachedFile, cachedRepos, RepoCache } from './hub/cache.ts';
import { type Environment, hubCache } from './hub/settings.ts';
import { formatReference, type HubReference, parseReference } from './reference.ts';

/**
 * The folder or file meant by a model's path or name: what `findModel` of the engine finds (the embedded model, a path, the models
 * folder); else a pulled model, by its name or as `owner/repo[@revision][:file]`.
 *
 * @throws CodedError `model_not_found`, with similar names and how to pull them
 * @example resolveModel('sdxl-turbo', process.env)
 */
export function resolveModel(pathOrName: string, env: Environment): string {
  try {
    return findModel(pathOrName, env);
  } catch (thrown) {
    if (!hasCode(thrown, 'model_not_found') || pathOrName === '') throw thrown;
    const reference = referenceOf(pathOrName);
    if (reference === undefined) throw unknownName(pathOrName, thrown);
    const path = pathInCache(reference, env);
    if (path !== undefined) return path;
    const command = `easel pull ${pathOrName}`;
    throw new CodedError(
      'model_not_found',
      `the model ${pathOrName} is not on this machine${isBegun(reference, env) ? ': its download did not finish' : ''}`,
      {
        remedy: `download it with: ${command}`,
        cause: thrown,
      },
    );
  }
}

/**
 * The file of a single network meant by a path or name: as `resolveModel`, and of a folder its weights, in half precision where it has
 * both. A `.safetensors` file is taken as it is: its reader says what is wrong with it.
 *
 * @param mayBeFolder whether a folder is taken as it is, too
 * @throws CodedError `model_not_found`, also for a folder that is no single network
 * @example resolvePart('lcm-sdxl', process.env)
 */
export function resolvePart(
  pathOrName: string,
  env: Environment,
  { mayBeFolder = false }: { readonly mayBeFolder?: boolean } = {},
): string {
  if (/^[^:]+\.safetensors$/i.test(pathOrName)) return pathOrName;
  const path = resolveModel(pathOrName, env);
  if (mayBeFolder || !statSync(path).isDirectory()) return path;
  const weights = namesIn(path).filter((name) => name.endsWith('.safetensors'));
  const own = weights.length === 1 ? weights[0] : weights.find((name) => name.endsWith('.fp16.safetensors'));
  if (own !== undefined) return join(path, own);
  throw new CodedError('model_not_found', `${pathOrName} is not the file of one network: it is a folder`, {
    remedy: 'give the .safetensors file of the UNet or VAE itself',
  });
}

/**
 * What a pulled model or UNet is, where its own files cannot tell: single files of distilled models have the tensors of SDXL. Which file
 * of which repository it is says it, not what somebody called a file.
 *
 * @returns undefined: the files tell, or it is no file of the catalogue
 * @example familyOfPulled('sdxl-lightning-4step', process.env) // sdxl-lightning
 */
export function familyOfPulled(pathOrName: string, env: Environment): FamilyName | undefined {
  const reference = existsSync(pathOrName) ? undefined : referenceOf(pathOrName);
  const known = reference && knownModel(nameOfReference(reference) ?? '');
  if (reference?.file === undefined || known === undefined || !['model', 'unet'].includes(known.kind)) return undefined;
  return resolveModel(pathOrName, env) === pathInCache(reference, env) ? known.family : undefined;
}

/**
 * What a name or a reference stands for; undefined: it is neither.
 *
 * @throws CodedError `usage` for a reference that is not valid
 */
export function referenceOf(name: string): HubReference | undefined {
  return knownModel(name)?.reference ?? parseReference(name);
}

/** The same. @throws CodedError `model_not_found`, with similar names, for what is neither */
export function requireReference(name: string): HubReference {
  const reference = referenceOf(name);
  if (reference === undefined) throw unknownName(name);
  return reference;
}

function unknownName(name: string, cause?: Error): CodedError {
  const near = nearNames(
    name.toLowerCase(),
    knownModels.flatMap((model) => [model.name, ...model.aliases]),
  );
  const names = [...new Set(near.map((each) => knownModel(each)?.name ?? each))].slice(0, 3);
  const [first] = names;
  const meant = first === undefined ? '' : `did you mean ${names.join(' or ')}? easel pull ${first} downloads it; `;
  return new CodedError('model_not_found', cause?.message ?? `there is no model named ${name}`, {
    remedy: `${meant}easel list shows the models of this machine, easel list --available those that can be pulled; a path or owner/repo can be given, too`,
    cause,
  });
}

/** Where the model of a reference is, for the engine; undefined: it is not in the cache, or not whole. */
function pathInCache({ repo, revision, file }: HubReference, env: Environment): string | undefined {
  const cache = new RepoCache(hubCache(env), repo);
  const commit = cache.commitOf(revision);
  if (commit === undefined) return undefined;
  if (file === undefined) return modelIn(cache.snapshot(commit));
  const path = cache.file(commit, file);
  return existsSync(path) ? path : undefined;
}

/** What programs use of a snapshot: the folder, where it is a model or a part of one, or its only weights. */
function modelIn(snapshot: string): string | undefined {
  const names = namesIn(snapshot).filter((name) => existsSync(join(snapshot, name)));
  if (names.includes('model_index.json') || names.includes('config.json')) return snapshot;
  const weights = names.filter((name) => name.endsWith('.safetensors'));
  const only =
    weights.find((name) => name === 'pytorch_lora_weights.safetensors') ??
    (weights.length === 1 ? weights[0] : undefined);
  return only === undefined ? undefined : join(snapshot, only);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Whether something of it has been downloaded. */
function isBegun({ repo }: HubReference, env: Environment): boolean {
  return namesIn(join(new RepoCache(hubCache(env), repo).folder, 'blobs')).length > 0;
}

/** A model in the cache, by a pull or by another tool. */
export interface InstalledModel {
  /** What it is called with: a name, or a reference. */
  readonly name: string;
  readonly repo: string;
  readonly commit: string;
  /** The branches and tags that it is. */
  readonly refs: readonly string[];
  /** For the engine; undefined: it is not whole. */
  readonly path: string | undefined;
  /** Of all its files together. */
  readonly bytes: number;
  readonly files: readonly CachedFile[];
}

/**
 * The models of the cache that Easel can name: those with a name, those that were pulled, and every other repository that looks like a
 * model that makes pictures. The shared cache has language models and data sets, too.
 */
export async function installedModels(env: Environment): Promise<InstalledModel[]> {
  const found: InstalledModel[] = [];
  for (const cache of cachedRepos(hubCache(env))) {
    for (const commit of await cache.commits()) {
      const files = await cache.files(commit);
      const refs = await cache.refsTo(commit);
      for (const reference of await referencesIn(cache, commit, refs, files)) {
        const own = reference.file === undefined ? files : files.filter(({ path }) => path === reference.file);
        const isMain = reference.revision === 'main';
        found.push({
          name: (isMain ? nameOfReference(reference) : undefined) ?? formatReference(reference),
          ...{ repo: cache.repo, commit, refs, files: own },
          path: own.every(({ bytes }) => bytes !== undefined)
            ? pathInCache({ ...reference, revision: commit }, env)
            : undefined,
          bytes: own.reduce((sum, { bytes = 0 }) => sum + bytes, 0),
        });
      }
    }
  }
  return found;
}

/** The embedded model, and what is in the models folder. */
export function folderModels(env: Environment): { readonly name: string; readonly path: string }[] {
  const folder = modelsFolder(env);
  const own = namesIn(folder).filter((name) => !name.startsWith('.') && !name.endsWith('.int8'));
  const named = own.sort().map((name) => ({ name: name.replace(/\.safetensors$/, ''), path: join(folder, name) }));
  return [{ name: 'demo', path: demoModelPath }, ...named];
}

/** One of these, by its name; undefined: there is none, or the name is that of something of the Hub. */
export function folderModel(
  name: string,
  env: Environment,
): { readonly name: string; readonly path: string } | undefined {
  const own = folderModels(env).find((model) => model.name === name);
  return own !== undefined && referenceOf(name) === undefined ? own : undefined;
}

/** @throws CodedError `usage` for the embedded model and for one of the models folder */
export function refuseFolderModel(name: string, env: Environment): void {
  const own = folderModel(name, env);
  if (own === undefined) return;
  const isEmbedded = own.path === demoModelPath;
  throw new CodedError(
    'usage',
    `${name} does not come from the Hub: it is ${isEmbedded ? 'part of Easel' : own.path}`,
    {
      remedy: `easel model inspect ${name} looks at its files${isEmbedded ? '' : '; delete it there to remove it'}`,
    },
  );
}

/** The whole repository as one, or each of its single files. */
async function referencesIn(
  cache: RepoCache,
  commit: string,
  refs: readonly string[],
  files: readonly CachedFile[],
): Promise<HubReference[]> {
  const whole = { repo: cache.repo, revision: refs.includes('main') ? 'main' : (refs[0] ?? commit) };
  const paths = files.map(({ path }) => path);
  const isPulled = (await cache.record(commit)).length > 0;
  if (paths.includes('model_index.json') || nameOfReference(whole) !== undefined) return [whole];
  const singles = paths.filter((path) => path.endsWith('.safetensors')).map((file) => ({ ...whole, file }));
  const known = singles.filter((reference) => nameOfReference(reference) !== undefined);
  if (!isPulled) return known;
  return paths.includes('config.json') || singles.length === 0 ? [whole] : singles;
}
