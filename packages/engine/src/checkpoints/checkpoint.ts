import type { Component } from '../components/stored-form.ts';
import type { FamilyName, KnownFamily } from '../families/families.ts';
import type { SdxlPart } from '../families/sdxl-architecture.ts';
import type { JsonConfig } from '../json-config.ts';
import type { TensorTable } from '../weights/safetensors.ts';

/** A model on disk, whatever its layout. No weights have been read. */
export interface Checkpoint {
  readonly path: string;
  /** What it was opened with. */
  readonly options: CheckpointOptions;
  readonly layout: 'diffusers' | 'single-file';
  /** Where the configuration came from, in human-readable form. */
  readonly configSource: string;
  readonly family: KnownFamily;
  readonly components: Readonly<Record<SdxlPart, Component>>;
  readonly scheduler: JsonConfig;
  /** What should be known of it. */
  readonly notices: readonly string[];
  /** The tokenizer folders, in encoder order; undefined: use CLIP's own vocabulary. */
  readonly tokenizerFolders: readonly string[] | undefined;
  /** The picture sizes that the model's files declare; undefined: they declare none. */
  readonly sizes: { readonly minSide: number; readonly maxSide: number } | undefined;
  /** No negative prompt means zero embeddings. */
  readonly forceZerosForEmptyPrompt: boolean;
}

export interface CheckpointOptions {
  /** Which weight file of a component to use when both are present. Default: `fp16`. */
  readonly variant?: 'fp16' | 'fp32';
  /** A diffusers folder with the configuration of a single-file checkpoint. */
  readonly config?: string;
  /** What the model is, where its files do not tell. Default: what they tell. */
  readonly family?: FamilyName;
  /** A .safetensors file with another UNet, and one with another VAE, for the rest of the model. */
  readonly unet?: string;
  readonly vae?: string;
}

/** The tensors of a single-file checkpoint, grouped by component. */
export type ComponentTensors = Readonly<Record<SdxlPart, TensorTable>>;

/** Per-channel statistics of the latents, with which they are scaled. */
export interface LatentStatistics {
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly scalingFactor: number;
}
