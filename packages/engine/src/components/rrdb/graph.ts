import type { Value } from '../../onnx/graph-builder.ts';
import type { BoundGraph, Layers, LayersOf } from '../layers.ts';

/** What differs between files; everything else is the same. */
export interface RrdbConfig {
  /** Of the input: 3, or those of a picture whose pixels were put into channels (see `pixelsToChannels`). */
  readonly inChannels: number;
  /** Of every feature map. */
  readonly width: number;
  /** By how many channels each convolution of a dense block grows. */
  readonly growth: number;
  /** Residual-in-residual dense blocks. */
  readonly blocks: number;
  /** How often the network doubles both sides. */
  readonly doublings: number;
}

export interface RrdbShape {
  readonly height: number;
  readonly width: number;
}

/** Of both residual connections (Wang et al. 2018, §3.1). */
const RESIDUAL_SCALE = 0.2;
const SLOPE = 0.2;
const DENSE_BLOCKS = 3;
const CONVOLUTIONS = 5;

/**
 * RRDBNet, the generator of ESRGAN (Wang et al. 2018, "ESRGAN: Enhanced Super-Resolution Generative Adversarial Networks", fig. 4), with nearest
 * neighbours for the doublings. Input `pixels` [1, C, h, w], output `image` [1, 3, H, W], both 0 … 1.
 *
 * @throws EngineError `tensor_missing`, `tensor_shape`, `tensor_dtype`
 */
export function buildRrdb(config: RrdbConfig, shape: RrdbShape, layersOf: LayersOf): BoundGraph {
  const nn = layersOf('rrdb');
  const { graph } = nn;
  const { width } = config;
  const first = nn.conv(graph.input('pixels', [1, config.inChannels, shape.height, shape.width]), 'conv_first', width);
  let x = first;
  for (let block = 0; block < config.blocks; block++) x = residualInResidual(nn, x, `body.${block}`, config);
  x = nn.add(first, nn.conv(x, 'conv_body', width));
  for (let doubling = 1; doubling <= config.doublings; doubling++) {
    const [, , height = 0, wide = 0] = x.shape;
    x = leaky(nn, nn.upsampledConv(x, [2 * height, 2 * wide], `conv_up${doubling}`, width));
  }
  graph.output('image', nn.conv(leaky(nn, nn.conv(x, 'conv_hr', width)), 'conv_last', 3));
  return graph;
}

function residualInResidual(nn: Layers, x: Value, name: string, config: RrdbConfig): Value {
  let h = x;
  for (let block = 1; block <= DENSE_BLOCKS; block++) h = denseBlock(nn, h, `${name}.rdb${block}`, config);
  return scaledSum(nn, x, h);
}

/** Each convolution sees the input and what all before it have made of it (Huang et al. 2017). */
function denseBlock(nn: Layers, x: Value, name: string, { width, growth }: RrdbConfig): Value {
  let seen = x;
  for (let index = 1; index < CONVOLUTIONS; index++)
    seen = nn.concatChannels(seen, leaky(nn, nn.conv(seen, `${name}.conv${index}`, growth)));
  return scaledSum(nn, x, nn.conv(seen, `${name}.conv${CONVOLUTIONS}`, width));
}

function scaledSum(nn: Layers, x: Value, h: Value): Value {
  return nn.add(nn.multiply(h, nn.graph.floats([RESIDUAL_SCALE], [])), x);
}

function leaky(nn: Layers, x: Value): Value {
  return nn.graph.node('LeakyRelu', [x], x.shape, { attributes: { alpha: { float: SLOPE } } });
}
