import type { UNetConfig } from '../components/unet/config.ts';
import type { JsonConfig } from '../json-config.ts';
import type { SamplerFor } from '../sampling/samplers/table.ts';
import type { SdxlConfigs } from './sdxl-architecture.ts';

export type NoiseKind = 'edm' | 'discrete';

/** What a model's files say about what it is. */
export interface Evidence {
  /** A single file has none, unless a folder with its configuration was given. */
  readonly scheduler: JsonConfig | undefined;
  readonly unet: UNetConfig;
  /** Whether its latents are scaled by a mean and a deviation of each channel. */
  readonly hasLatentStatistics: boolean;
  /** What it is called: its file or folder, and its files' own words. Decides only between families that all else fits. */
  readonly names: readonly string[];
}

export interface Range {
  readonly min: number;
  readonly max: number;
}

/** Models that run alike: the networks of the SDXL line, and one way of sampling. */
export interface Family {
  /** By which it can be chosen, where the files do not tell. */
  readonly name: string;
  /** Whether a model is of this family; the first family of the table that fits is taken. */
  fits(evidence: Evidence): boolean;
  /** The noise it was trained with, which determines the samplers that it supports. */
  readonly noise: NoiseKind;
  /** How it is sampled, as scheduler_config.json says it: of a single file, which has none, and of a model whose family is named. */
  readonly scheduler: { readonly _class_name: string; readonly [key: string]: string | number | boolean };
  /** The training timesteps of a run with this many steps, for networks distilled at chosen ones; undefined: those of the sampler. */
  timesteps?(steps: number, sampler: SamplerFor<NoiseKind>): readonly number[] | undefined;
  /** The share of noise that TCD replaces in each step, unless the sampler's own. */
  readonly eta?: number;
  readonly defaults: {
    readonly steps: number;
    readonly guidance: number;
    /** Defaults for samplers that need others. */
    readonly guidanceWith?: Readonly<Partial<Record<SamplerFor<NoiseKind>, number>>>;
    /** The native side in pixels of a single file. */
    readonly side?: number;
  };
  /** What requests may ask for. */
  readonly limits: { readonly steps: Range; readonly guidance: Range };
  /** A model's human-readable name: its own if it is a known model. */
  nameOf(configs: SdxlConfigs): string;
}

/** What the engine can do with any of them. */
export const usualLimits = { steps: { min: 1, max: 100 }, guidance: { min: 0, max: 25 } } as const;
