import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';

/** A path if there is something at it, else the name's place in the models folder. */
export function modelPath(pathOrName: string): string {
  const path = resolve(pathOrName);
  if (isAbsolute(pathOrName) || existsSync(path)) return path;
  const folder = process.env.EASEL_MODELS_DIR || join(homedir(), '.local', 'share', 'easel', 'models');
  const named = join(folder, pathOrName);
  return existsSync(named) ? named : path;
}
