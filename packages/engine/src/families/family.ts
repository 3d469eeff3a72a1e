import type { SamplerFor } from '../sampling/samplers/table.ts';
import type { SdxlConfigs } from './sdxl-architecture.ts';

export type NoiseKind = 'edm' | 'discrete';

/** Models that are run alike: of the SDXL line's networks, and of one way to be sampled. */
export interface Family {
  /** What model_index.json calls the pipelines of its models. */
  readonly pipelines: readonly string[];
  /** The noise it was trained with, which decides the samplers it can have. */
  readonly noise: NoiseKind;
  /** The scheduler of a single file, which has no configuration. */
  readonly scheduler: string;
  readonly defaults: {
    readonly steps: number;
    readonly guidance: number;
    /** With samplers that want another. */
    readonly guidanceWith: Readonly<Partial<Record<SamplerFor<NoiseKind>, number>>>;
  };
  /** The tensors that tell a single file of the family and hold the statistics of its latents, and what these are scaled to. */
  readonly latents: { readonly mean: string; readonly std: string; readonly scalingFactor: number };
  /** What a model is called, in words: by its own name when it is that very one. */
  nameOf(configs: SdxlConfigs): string;
}
