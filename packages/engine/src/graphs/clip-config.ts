import type { JsonConfig } from '../json-config.ts';

/** What a CLIP text encoder's graph depends on; names follow text_encoder/config.json. */
export interface ClipConfig {
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly heads: number;
  readonly layers: number;
  readonly vocabSize: number;
  readonly positions: number;
  readonly activation: ClipActivation;
  readonly normEpsilon: number;
  /** Width of the pooled output; undefined: the encoder has no projection. */
  readonly projectionDim: number | undefined;
}

export type ClipActivation = 'quick_gelu' | 'gelu';

/** @throws EngineError `model_unsupported`, `model_config_invalid` */
export function parseClipConfig(config: JsonConfig): ClipConfig {
  config.require('hidden_act', 'quick_gelu', 'gelu');
  config.require('model_type', 'clip_text_model');
  const architecture = config.strings('architectures')[0] ?? '';
  return {
    hiddenSize: config.int('hidden_size'),
    intermediateSize: config.int('intermediate_size'),
    heads: config.int('num_attention_heads'),
    layers: config.int('num_hidden_layers'),
    vocabSize: config.int('vocab_size', 49408),
    positions: config.int('max_position_embeddings', 77),
    activation: config.string('hidden_act', 'quick_gelu') === 'gelu' ? 'gelu' : 'quick_gelu',
    normEpsilon: config.number('layer_norm_eps', 1e-5),
    projectionDim: architecture.endsWith('WithProjection') ? config.int('projection_dim', 512) : undefined,
  };
}
