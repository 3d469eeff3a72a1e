import type { JsonConfig } from '../json-config.ts';
import type { TensorTable } from './safetensors.ts';

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
  /** The sizes that the model's files say it draws; undefined: they say nothing. */
  readonly sizes: { readonly minSide: number; readonly maxSide: number } | undefined;
  /** No negative prompt means zero embeddings. */
  readonly forceZerosForEmptyPrompt: boolean;
}

export interface CheckpointOptions {
  /** Which of two present weight files of a component to take. Default: `fp16`. */
  readonly variant?: 'fp16' | 'fp32';
  /** A diffusers folder with the configuration of a single-file checkpoint. */
  readonly config?: string;
}

/** The tensors of a single-file checkpoint, sorted out. */
export type ComponentTensors = Readonly<Record<ComponentName, TensorTable>>;

/** Per channel, of the latents that the VAE was scaled with. */
export interface LatentStatistics {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}
