import { basename } from 'node:path';
import { hubPlace } from '@easel/engine';
import { nameOfReference } from './catalogue.ts';

/**
 * What people call a model or a LoRA, by where it is. In the cache of huggingface_hub a folder has the name of a commit, and many files have
 * one name: there it is the name by which it was pulled.
 *
 * @example
 * nameOfPath('/models/dreamshaper.safetensors'); // dreamshaper
 * nameOfPath('/hub/models--segmind--SSD-1B/snapshots/60987f37'); // ssd-1b
 */
export function nameOfPath(path: string): string {
  const own = basename(path).replace(/\.safetensors$/i, '');
  const place = hubPlace(path);
  if (place === undefined) return own;
  const { repo, file } = place;
  const reference = { repo, revision: 'main', ...(file !== undefined && { file }) };
  return nameOfReference(reference) ?? (file === undefined ? repo : own);
}
