import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { demoModelPath } from '@easel/demo-model';
import { EngineError } from '@easel/engine';

type Environment = Readonly<Record<string, string | undefined>>;

/** Where models are kept by name: `$EASEL_MODELS_DIR`, else `~/.local/share/easel/models`. */
export function modelsFolder(env: Environment): string {
  return env.EASEL_MODELS_DIR
    ? resolve(env.EASEL_MODELS_DIR)
    : join(env.HOME || homedir(), '.local', 'share', 'easel', 'models');
}

/**
 * The folder or file meant by a model's name or path: `demo` is the embedded model, an existing path is itself, any other bare
 * name is looked up in the models folder, as a folder or as `NAME.safetensors`. A path wins over a name of the same spelling,
 * but for `demo` (write `./demo` for a folder of that name).
 *
 * @throws EngineError `model_not_found`, saying where it was looked for.
 * @example
 * resolveModel('demo', process.env);          // /…/packages/demo-model/model
 * resolveModel('playground-v2.5', process.env); // ~/.local/share/easel/models/playground-v2.5
 */
export function resolveModel(nameOrPath: string, env: Environment): string {
  if (nameOrPath === '')
    throw new EngineError('model_not_found', 'the name of the model is empty; give a name such as demo, or a path');
  if (nameOrPath === 'demo') return demoModelPath;
  const candidates = [resolve(nameOrPath), ...namedCandidates(nameOrPath, env)];
  const found = candidates.find((candidate) => existsSync(candidate));
  if (found !== undefined) return found;
  throw new EngineError(
    'model_not_found',
    `there is no model ${nameOrPath}: looked for ${candidates.join(', ')}. ` +
      `Models known by name: ${['demo', ...installedNames(env)].join(', ')}; anything else needs the path of a diffusers folder or a .safetensors file`,
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
