import type { Component } from '../components/stored-form.ts';
import type { KnownFamily } from '../families/families.ts';
import type { SdxlPart } from '../families/sdxl-architecture.ts';
import type { JsonConfig } from '../json-config.ts';
import type { TensorTable } from '../weights/safetensors.ts';

/** A model on disk, whatever its layout: nothing of the weights has been read. */
export interface Checkpoint {
  readonly path: string;
  readonly layout: 'diffusers' | 'single-file';
  /** In words, for people: where the configuration came from. */
  readonly configSource: string;
  readonly family: KnownFamily;
  readonly components: Readonly<Record<SdxlPart, Component>>;
  readonly scheduler: JsonConfig;
  /** The folders of the tokenizers, in the order of the encoders; undefined: CLIP's own vocabulary. */
  readonly tokenizerFolders: readonly string[] | undefined;
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
export type ComponentTensors = Readonly<Record<SdxlPart, TensorTable>>;

/** Per channel, of the latents that the VAE was scaled with. */
export interface LatentStatistics {
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly scalingFactor: number;
}
