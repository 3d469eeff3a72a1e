import type { Value } from '../../onnx/graph-builder.ts';
import type { Layers } from '../layers.ts';

/** The norm inside the transformer has a different epsilon from the residual blocks around it. */
const GROUP_NORM_EPSILON = 1e-6;
const LAYER_NORM_EPSILON = 1e-5;

/** What a cross-attention layer takes from the text: both [B·77, C]. */
export interface TextAttention {
  readonly keys: Value;
  readonly values: Value;
}

export interface SpatialTransformerOptions {
  readonly groups: number;
  readonly heads: number;
  readonly depth: number;
  /** By the names of the cross-attention layers. */
  readonly text: ReadonlyMap<string, TextAttention>;
  /** Unless it is simply computed. */
  readonly crossAttention?: CrossAttention;
}

/** The cross-attention of one layer, before it is added. @param name unique name of the attention */
export type CrossAttention = (name: string, shape: readonly number[], compute: () => Value) => Value;

/** x [B, C, H, W] → the same shape: pixels become tokens, pass `depth` layers, and are added to x. */
export function spatialTransformer(nn: Layers, x: Value, name: string, options: SpatialTransformerOptions): Value {
  const [batch = 1, channels = 1] = x.shape;
  const normalized = nn.groupNorm(x, `${name}.norm`, options.groups, GROUP_NORM_EPSILON);
  let tokens = nn.linear(nn.toTokens(normalized), `${name}.proj_in`, channels); // [B·H·W, C]
  for (let layer = 0; layer < options.depth; layer++) {
    tokens = transformerLayer(nn, tokens, `${name}.transformer_blocks.${layer}`, { ...options, batch });
  }
  tokens = nn.linear(tokens, `${name}.proj_out`, channels);
  return nn.add(nn.toPixels(tokens, x.shape), x);
}

interface LayerOptions extends SpatialTransformerOptions {
  readonly batch: number;
}

/** x += selfAttention(LN x); x += crossAttention(LN x, text); x += geglu(LN x) */
function transformerLayer(nn: Layers, tokens: Value, name: string, options: LayerOptions): Value {
  const norm = (x: Value, index: number) => nn.layerNorm(x, `${name}.norm${index}`, LAYER_NORM_EPSILON);
  const project = (x: Value, layer: string) => nn.linear(x, layer, x.shape[1] ?? 1, { bias: false });
  let x = tokens;
  const own = norm(x, 1);
  const itself = { keys: project(own, `${name}.attn1.to_k`), values: project(own, `${name}.attn1.to_v`) };
  x = nn.add(attend(nn, own, itself, `${name}.attn1`, options), x);
  const attendText = () => {
    const text = options.text.get(`${name}.attn2`);
    if (!text) throw new RangeError(`there are no keys and values of the text for ${name}.attn2`);
    return attend(nn, norm(x, 2), text, `${name}.attn2`, options);
  };
  x = nn.add(options.crossAttention?.(`${name}.attn2`, x.shape, attendText) ?? attendText(), x);
  return nn.add(geglu(nn, norm(x, 3), `${name}.ff.net`), x);
}

function attend(nn: Layers, x: Value, { keys, values }: TextAttention, name: string, options: LayerOptions): Value {
  const channels = x.shape[1] ?? 1;
  const q = nn.linear(x, `${name}.to_q`, channels, { bias: false });
  return nn.linear(nn.attention(q, keys, values, options), `${name}.to_out.0`, channels);
}

/** value · gelu(gate): the two halves of one projection, computed by row ranges of its weight (Shazeer 2020, GEGLU). */
function geglu(nn: Layers, x: Value, name: string): Value {
  const channels = x.shape[1] ?? 1;
  const inner = 4 * channels;
  const value = nn.linear(x, `${name}.0.proj`, 2 * inner, { rows: [0, inner] });
  const gate = nn.linear(x, `${name}.0.proj`, 2 * inner, { rows: [inner, 2 * inner] });
  return nn.linear(nn.multiply(value, nn.gelu(gate)), `${name}.2`, channels);
}
