import { stat } from 'node:fs/promises';
import { EngineError } from '../errors.ts';
import type { Checkpoint, CheckpointOptions } from './checkpoint.ts';
import { readDiffusersFolder } from './diffusers-folder.ts';
import { readSingleFile } from './single-file.ts';

/**
 * Opens a diffusers folder or a single-file checkpoint.
 *
 * @throws EngineError `model_not_found`, `model_file_missing`, `model_config_invalid`, `model_unsupported`, `weights_corrupt`
 */
export async function openCheckpoint(path: string, options: CheckpointOptions = {}): Promise<Checkpoint> {
  const facts = await stat(path).catch((cause: unknown) => {
    const message = `there is no model at ${path}; give a diffusers folder or a .safetensors file`;
    throw new EngineError('model_not_found', message, { details: { file: path }, cause });
  });
  return facts.isDirectory() ? readDiffusersFolder(path, options) : readSingleFile(path, options);
}
