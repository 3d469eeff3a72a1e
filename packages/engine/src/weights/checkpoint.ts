import { stat } from 'node:fs/promises';
import { EngineError } from '../errors.ts';
import type { JsonConfig } from '../json-config.ts';
import { readDiffusersFolder } from './diffusers-folder.ts';
import type { TensorTable } from './safetensors.ts';
import { readSingleFile } from './single-file.ts';

export type ComponentName = 'text_encoder' | 'text_encoder_2' | 'unet' | 'vae';

/** One network of a model: how it is built, and where its weights lie under the names of the diffusers layout. */
export interface Component {
  readonly config: JsonConfig;
  readonly tensors: TensorTable;
}

/** A model on disk, whatever its layout: nothing of the weights has been read. */
export interface Checkpoint {
  readonly path: string;
  readonly layout: 'diffusers' | 'single-file';
  /** In words, for people: where the configuration came from. */
  readonly configSource: string;
  readonly components: Readonly<Record<ComponentName, Component>>;
  readonly scheduler: JsonConfig;
  /** The folders of the two tokenizers; undefined: CLIP's own vocabulary. */
  readonly tokenizerFolders: readonly [string, string] | undefined;
  /** No negative prompt means zero embeddings. */
  readonly forceZerosForEmptyPrompt: boolean;
}

export interface CheckpointOptions {
  /** Which of two present weight files of a component to take. Default: `fp16`. */
  readonly variant?: 'fp16' | 'fp32';
  /** A diffusers folder with the configuration of a single-file checkpoint. */
  readonly config?: string;
}

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
