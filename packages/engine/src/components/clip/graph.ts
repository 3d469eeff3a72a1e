import type { JsonConfig } from '../../json-config.ts';
import type { Value } from '../../onnx/graph-builder.ts';
import type { BoundGraph, Layers, LayersOf } from '../layers.ts';

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

/**
 * A CLIP text encoder (Radford et al. 2021) for one text.
 *
 * Inputs: `ids` [S] int64, S = positions; with a projection also `end` [1] int64, the position that is pooled.
 * Outputs: `hidden` [S, C], the state before the last layer and without the final norm, which is what SDXL uses;
 * with a projection also `pooled` [1, P]. Without one the last layer is not built, since nothing uses it.
 */
export function buildClipText(config: ClipConfig, layersOf: LayersOf): BoundGraph {
  const nn = layersOf('clip_text');
  const { graph } = nn;
  const { hiddenSize, positions, layers } = config;
  const ids = graph.input('ids', [positions], 'int64');
  const tokens = nn.weights.gather('text_model.embeddings.token_embedding.weight', [config.vocabSize, hiddenSize], ids);
  const position = nn.weights.get('text_model.embeddings.position_embedding.weight', [positions, hiddenSize]);
  let x = nn.add(tokens, position); // [S, C]
  for (let layer = 0; layer < layers - 1; layer++) x = encoderLayer(nn, x, layer, config);
  graph.output('hidden', x);
  if (config.projectionDim !== undefined) {
    const last = encoderLayer(nn, x, layers - 1, config);
    graph.output('pooled', pool(nn, last, config, config.projectionDim));
  }
  return graph;
}

/** x += attention(LN x), causal; x += mlp(LN x) */
function encoderLayer(nn: Layers, tokens: Value, layer: number, config: ClipConfig): Value {
  const name = `text_model.encoder.layers.${layer}`;
  const width = config.hiddenSize;
  const own = nn.layerNorm(tokens, `${name}.layer_norm1`, config.normEpsilon);
  const project = (target: string) => nn.linear(own, `${name}.self_attn.${target}`, width);
  const options = { batch: 1, heads: config.heads, causal: true };
  const mixed = nn.attention(project('q_proj'), project('k_proj'), project('v_proj'), options);
  const x = nn.add(nn.linear(mixed, `${name}.self_attn.out_proj`, width), tokens);
  const normalized = nn.layerNorm(x, `${name}.layer_norm2`, config.normEpsilon);
  const inner = nn.linear(normalized, `${name}.mlp.fc1`, config.intermediateSize);
  const activated = config.activation === 'gelu' ? nn.gelu(inner) : nn.quickGelu(inner);
  return nn.add(nn.linear(activated, `${name}.mlp.fc2`, width), x);
}

/** text_projection · LN_final(last layer)[end] */
function pool(nn: Layers, last: Value, config: ClipConfig, projectionDim: number): Value {
  const end = nn.graph.input('end', [1], 'int64');
  const state = nn.graph.node('Gather', [last, end], [1, config.hiddenSize]);
  const normalized = nn.layerNorm(state, 'text_model.final_layer_norm', config.normEpsilon);
  return nn.linear(normalized, 'text_projection', projectionDim, { bias: false });
}
