import type { Value } from '../../onnx/graph-builder.ts';
import type { BoundGraph, Layers, LayersOf } from '../layers.ts';
import type { VaeShape } from '../vae/graph.ts';

/** What differs between tiny decoders; everything else is the same. */
export interface TinyDecoderConfig {
  readonly latentChannels: number;
  /** Channels of every feature map. */
  readonly width: number;
}

/** Blocks per stage, coarsest first; all stages but the last end with an upsampling by 2. */
const STAGES = [3, 3, 3, 1];
const MAGNITUDE = 3;

/** Image pixels per latent pixel. */
export const TINY_DOWNSCALE = 2 ** (STAGES.length - 1);

/**
 * The decoder of a tiny autoencoder (TAESD, Bøer Bohan 2023; `AutoencoderTiny` in diffusers): 1.2 million parameters instead of
 * SDXL's 50 million. Input `latents` [B, 4, h, w] in the scale of SDXL's UNet; output `image` [B, 3, 8h, 8w], about −1…1.
 *
 * @throws EngineError `tensor_missing`, `tensor_shape`, `tensor_dtype`
 */
export function buildTinyDecoder(
  { latentChannels, width }: TinyDecoderConfig,
  shape: VaeShape,
  layersOf: LayersOf,
): BoundGraph {
  const nn = layersOf('tiny_decoder');
  const { graph } = nn;
  const latents = graph.input('latents', [shape.batch, latentChannels, shape.height, shape.width]);
  let index = 0;
  const next = () => `decoder.layers.${index++}`;
  let x = relu(nn, nn.conv(softClamp(nn, latents), next(), width));
  index++; // the ReLU counts as a layer
  for (const [stage, blocks] of STAGES.entries()) {
    for (let block = 0; block < blocks; block++) x = residual(nn, x, next());
    if (stage === STAGES.length - 1) break;
    index++; // so does the upsampling
    const [, , height = 0, wide = 0] = x.shape;
    x = nn.conv(nn.upsample(x, 2 * height, 2 * wide), next(), width, { bias: false });
  }
  const image = nn.conv(x, next(), 3); // 0…1
  graph.output('image', nn.add(nn.multiply(image, graph.floats([2], [])), graph.floats([-1], [])));
  return graph;
}

/** 3·tanh(x/3) */
function softClamp(nn: Layers, x: Value): Value {
  const small = nn.graph.node('Div', [x, nn.graph.floats([MAGNITUDE], [])], x.shape);
  return nn.multiply(nn.graph.node('Tanh', [small], x.shape), nn.graph.floats([MAGNITUDE], []));
}

/** Three convolutions with a residual connection. */
function residual(nn: Layers, x: Value, name: string): Value {
  const width = x.shape[1] ?? 0;
  let h = x;
  for (const layer of [0, 2, 4]) {
    h = nn.conv(h, `${name}.conv.${layer}`, width);
    if (layer < 4) h = relu(nn, h);
  }
  return relu(nn, nn.add(h, x));
}

function relu(nn: Layers, x: Value): Value {
  return nn.graph.node('Relu', [x], x.shape);
}
