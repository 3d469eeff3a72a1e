import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { EngineError } from '../errors.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Where models are kept by name: `$EASEL_MODELS_DIR`, else `easel/models` in the XDG data folder (`~/.local/share`). */
export function modelsFolder(env: Environment): string {
  if (env.EASEL_MODELS_DIR) return resolve(env.EASEL_MODELS_DIR);
  // The XDG specification has relative values ignored.
  const dataHome = env.XDG_DATA_HOME?.startsWith('/')
    ? env.XDG_DATA_HOME
    : join(env.HOME || homedir(), '.local', 'share');
  return join(dataHome, 'easel', 'models');
}

/**
 * The folder or file meant by a model's path or name: what is at the path, else the folder of that name, or `NAME.safetensors`,
 * in the models folder.
 *
 * @param alsoKnown names that the caller resolves itself, for the message
 * @throws EngineError `model_not_found`, saying where it was looked for
 */
export function findModel(pathOrName: string, env: Environment, alsoKnown: readonly string[] = []): string {
  const candidates = pathOrName === '' ? [] : [resolve(pathOrName), ...namedCandidates(pathOrName, env)];
  const found = candidates.find((candidate) => existsSync(candidate));
  if (found !== undefined) return found;
  const known = [...alsoKnown, ...installedNames(env)];
  const looked =
    pathOrName === ''
      ? 'the name of the model is empty'
      : `there is no model ${pathOrName}: looked for ${candidates.join(', ')}`;
  const names = known.length > 0 ? `a name (${known.join(', ')}), ` : '';
  throw new EngineError(
    'model_not_found',
    `${looked}; give ${names}the path of a diffusers folder or of a .safetensors file`,
  );
}

function namedCandidates(name: string, env: Environment): string[] {
  if (/[/\\]/.test(name) || name === '.' || name === '..') return [];
  const folder = modelsFolder(env);
  return [join(folder, name), join(folder, `${name}.safetensors`)];
}

function installedNames(env: Environment): string[] {
  try {
    const entries = readdirSync(modelsFolder(env)).filter((name) => !name.startsWith('.'));
    return entries.map((name) => name.replace(/\.safetensors$/, '')).sort();
  } catch {
    return []; // The folder need not exist: nothing has been installed then.
  }
}
