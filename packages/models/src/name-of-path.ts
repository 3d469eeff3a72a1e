import { basename } from 'node:path';
import { nameOfReference } from './catalogue.ts';

/** `…/models--OWNER--NAME/snapshots/COMMIT`, and maybe a file in it. */
const CACHED = /(?:^|[/\\])models--(?<owner>.+?)--(?<name>[^/\\]+)[/\\]snapshots[/\\][^/\\]+(?:[/\\](?<file>.+))?$/;
/** Files that are called so in every repository. */
const GENERIC = /^(?:pytorch_lora_weights|(?:diffusion_pytorch_)?model)(?:\.fp16)?\.safetensors$/;

/**
 * What people call a model or a LoRA, by where it is. In the cache of huggingface_hub a folder has the name of a commit, and many files have
 * one name: there it is the name by which it was pulled.
 *
 * @example
 * nameOfPath('/models/dreamshaper.safetensors'); // dreamshaper
 * nameOfPath('/hub/models--segmind--SSD-1B/snapshots/60987f37'); // ssd-1b
 */
export function nameOfPath(path: string): string {
  const { owner, name, file } = CACHED.exec(path)?.groups ?? {};
  const own = basename(path).replace(/\.safetensors$/i, '');
  if (owner === undefined || name === undefined) return own;
  const repo = `${owner}/${name}`;
  const inRepo = file?.replaceAll('\\', '/');
  const whole = inRepo === undefined || GENERIC.test(inRepo);
  const reference = { repo, revision: 'main', ...(!whole && { file: inRepo }) };
  return nameOfReference(reference) ?? (whole ? repo : own);
}
