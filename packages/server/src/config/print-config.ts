import { join, resolve } from 'node:path';
import { defaultDataDir } from '../db/embedded/default-data-dir.ts';
import { type Config, secretKeys } from './schema.ts';

/** As JSON for people: what follows from other settings is told as it turns out, and of secrets only whether they are set. */
export function printConfig(config: Config, env: Readonly<Record<string, string | undefined>>): string {
  const dataDir = resolve(config.dataDir ?? defaultDataDir(env));
  const imagesDir = config.imagesDir === null ? join(dataDir, 'images') : resolve(config.imagesDir);
  const resolved = { ...config, dataDir, imagesDir, model: config.model ?? 'demo' };
  return JSON.stringify(resolved, (key, value) => (secretKeys.includes(key) && value !== null ? '(hidden)' : value), 2);
}
