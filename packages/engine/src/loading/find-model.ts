import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { demoModelPath } from '@easel/demo-model';
import { EngineError } from '../errors.ts';
import { modelsFolder } from '../folders.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The names of the embedded model: in requests, and in replies and pictures. */
const embeddedNames = ['demo', 'easel-demo'];

/**
 * The folder or file meant by a model's path or name: `demo` (or `easel-demo`) is the embedded model (write `./demo` for a folder of that
 * name); else what is at the path; else the folder of that name, or `NAME.safetensors`, in the models folder.
 *
 * @throws EngineError `model_not_found`, naming the places searched
 * @example
 * findModel('demo', process.env); // /…/packages/demo-model/model
 * findModel('playground-v2.5', process.env); // ~/.local/share/easel/models/playground-v2.5
 */
export function findModel(pathOrName: string, env: Environment): string {
  if (embeddedNames.includes(pathOrName)) return demoModelPath;
  const candidates = pathOrName === '' ? [] : [resolve(pathOrName), ...namedCandidates(pathOrName, env)];
  const found = candidates.find((candidate) => existsSync(candidate));
  if (found !== undefined) return found;
  const known = ['demo', ...installedNames(env)];
  const looked =
    pathOrName === ''
      ? 'the name of the model is empty'
      : `there is no model ${pathOrName}: looked for ${candidates.join(', ')}`;
  const names = `a name (${known.join(', ')}), `;
  throw new EngineError('model_not_found', looked, {
    remedy: `give ${names}the path of a diffusers folder or of a .safetensors file${remarkOn(pathOrName)}`,
  });
}

/** Common mistakes: names from tools that download models, and quoted paths. */
function remarkOn(pathOrName: string): string {
  if (/^~/.test(pathOrName)) return '. The shell replaces ~ only outside quotes: write the whole path';
  const repo = /^(?:https?:\/\/(?:www\.)?(?:huggingface\.co|hf\.co)\/)?([A-Za-z0-9][\w.-]*\/[\w.-]+)/i.exec(
    pathOrName,
  )?.[1];
  if (repo !== undefined && !/^\.{0,2}\//.test(pathOrName))
    return `. To download it from the Hugging Face Hub: easel pull ${repo}`;
  if (/^https?:/i.test(pathOrName)) return '. Addresses are not downloaded: download the files and give their path';
  return '';
}

function namedCandidates(name: string, env: Environment): string[] {
  if (/[/\\]/.test(name) || name === '.' || name === '..') return [];
  const folder = modelsFolder(env);
  return [join(folder, name), join(folder, `${name}.safetensors`)];
}

function installedNames(env: Environment): string[] {
  try {
    const entries = readdirSync(modelsFolder(env)).filter((name) => !name.startsWith('.') && !name.endsWith('.int8'));
    return entries.map((name) => name.replace(/\.safetensors$/, '')).sort();
  } catch {
    return []; // The folder need not exist: no model is installed then.
  }
}
