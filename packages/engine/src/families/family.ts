import type { SamplerFor } from '../sampling/samplers/table.ts';
import type { SdxlConfigs } from './sdxl-architecture.ts';

export type NoiseKind = 'edm' | 'discrete';

/** Models that run alike: the networks of the SDXL line, and one way of sampling. */
export interface Family {
  /** What model_index.json calls the pipelines of its models. */
  readonly pipelines: readonly string[];
  /** The noise it was trained with, which determines the samplers that it supports. */
  readonly noise: NoiseKind;
  /** The scheduler of a single file, which has no configuration. */
  readonly scheduler: string;
  readonly defaults: {
    readonly steps: number;
    readonly guidance: number;
    /** Defaults for samplers that need others. */
    readonly guidanceWith: Readonly<Partial<Record<SamplerFor<NoiseKind>, number>>>;
  };
  /** The tensors that identify a single file of the family and hold the statistics of its latents, and what these are scaled to. */
  readonly latents: { readonly mean: string; readonly std: string; readonly scalingFactor: number };
  /** A model's human-readable name: its own if it is a known model. */
  nameOf(configs: SdxlConfigs): string;
}
