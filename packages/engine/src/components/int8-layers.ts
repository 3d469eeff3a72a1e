import type { GraphBuilder, Value } from '../onnx/graph-builder.ts';
import type { GraphForm } from '../runtime/devices/device.ts';
import { type AdapterBranches, Layers } from './layers.ts';
import type { ConvOptions, LinearOptions } from './operators.ts';
import type { WeightBinder } from './weight-binder.ts';

/** The weight of one linear layer or convolution, or some of its rows, as one matrix. */
export interface Int8MatrixSpec {
  /** `LAYER.weight`, with `[begin:end]` unless it is all rows. */
  readonly key: string;
  /** The source tensor, and the shape it must have. */
  readonly tensor: string;
  readonly shape: readonly number[];
  readonly rows: readonly [begin: number, end: number];
}

/** Codes int8 [inputs, outputs] and a scale for each output [outputs]: weight = code · scale. */
export interface BoundMatrix {
  readonly codes: Value;
  readonly scales: Value;
}

/** Where graphs get the 8-bit weights of one network. */
export interface Int8Weights {
  /** The files that contain them. */
  readonly files: readonly string[];
  /** @param folder against which the session resolves external data */
  bind(graph: GraphBuilder, matrix: Int8MatrixSpec, folder: string): BoundMatrix;
}

/**
 * What is not computed in 8 bits, and why. Everything but linear layers and convolutions (norms, activations, attention) is in float32
 * anyway. The error figures are from docs/performance.md.
 */
const floatLayers: readonly { readonly layer: RegExp; readonly reason: string }[] = [
  { layer: /(^|\.)conv_in$/, reason: 'reads 3 or 4 channels: no work to save, and its error is in all that follows' },
  { layer: /(^|\.)conv_out$/, reason: 'writes 3 or 4 channels: no work to save, and its error is in the result' },
  { layer: /^(post_)?quant_conv$/, reason: 'a few channels of the latents themselves' },
  { layer: /^(time|add)_embedding\./, reason: 'one row a pass: no work to save, and it steers every block' },
  { layer: /\.time_emb_proj$/, reason: 'one row a pass: no work to save, and it steers a whole block' },
  {
    layer: /\.conv_shortcut$/,
    reason: 'little work (1×1), and of features that no norm has evened out: the largest error of all convolutions',
  },
  {
    layer: /\.attn2\.to_[kv]$/,
    reason: 'once a text, not once a pass: little work to save, and its error is in every step',
  },
  { layer: /^text_projection$/, reason: 'one row a text: no work to save' },
];

export function isFloatLayer(name: string): boolean {
  return floatLayers.some(({ layer }) => layer.test(name));
}

/** How many rows of an unfolded picture are in memory at once: more is no faster, and at 1024² all of them take gigabytes. */
const BAND_BYTES = 16 * 2 ** 20;

/** Activations in 8 bits, with the range of this tensor (DynamicQuantizeLinear). */
interface Quantized {
  readonly codes: Value;
  readonly scale: Value;
  readonly zero: Value;
}

/**
 * Layers whose matrix products use 8-bit integers: u8 activations with one range per tensor, measured at run time; s8 weights with one
 * scale per output. A convolution is computed as a product too, from the picture unfolded in 8 bits (im2col).
 */
export class Int8Layers extends Layers {
  override readonly buildsShortcutFirst = false;
  readonly #bind: (matrix: Int8MatrixSpec) => BoundMatrix;
  /** q, k and v share their input tokens, and all cross-attentions share the text. */
  readonly #quantized = new Map<string, Quantized>();

  constructor(
    graph: GraphBuilder,
    weights: WeightBinder,
    form: GraphForm,
    bind: (matrix: Int8MatrixSpec) => BoundMatrix,
    branches?: AdapterBranches,
  ) {
    super(graph, weights, form, branches);
    this.#bind = bind;
  }

  protected override ownLinear(x: Value, name: string, out: number, options: LinearOptions): Value {
    if (isFloatLayer(name)) return super.ownLinear(x, name, out, options);
    const [, inner = 1] = x.shape;
    const { bias = true, rows } = options;
    const matrix = int8Matrix(name, [out, inner], rows);
    const offset = bias ? this.weights.get(`${name}.bias`, [out], rows ? { rows } : {}) : undefined;
    return this.#product(this.#quantize(x), matrix, offset);
  }

  protected override ownConv(x: Value, name: string, out: number, options: ConvOptions): Value {
    if (isFloatLayer(name)) return super.ownConv(x, name, out, options);
    const [, , height = 1, width = 1] = x.shape;
    const { kernel = 3, stride = 1 } = options;
    const half = (kernel - 1) / 2;
    const pads = options.pads ?? [half, half, half, half];
    return this.#unfoldedProduct(x, name, out, { kernel, stride, pads, height, width });
  }

  /** The picture is scaled up by reading its pixels more than once: the larger one is never in memory. */
  protected override ownUpsampledConv(
    x: Value,
    size: readonly [height: number, width: number],
    name: string,
    out: number,
  ): Value {
    if (isFloatLayer(name)) return super.ownUpsampledConv(x, size, name, out);
    const [height, width] = size;
    return this.#unfoldedProduct(x, name, out, { kernel: 3, stride: 1, pads: [1, 1, 1, 1], height, width });
  }

  /** x [B, in, h, w], scaled to H × W (nearest neighbour), convolved → [B, out, H', W']. */
  #unfoldedProduct(x: Value, name: string, out: number, window: Window): Value {
    const { kernel, stride, pads } = window;
    const [top = 0, left = 0, bottom = 0, right = 0] = pads;
    const [batch = 1, inner = 1] = x.shape;
    const matrix = int8Matrix(name, [out, inner, kernel, kernel]);
    const bias = this.weights.get(`${name}.bias`, [out]);
    const quantized = this.#quantize(x);
    const pixels = this.transpose(quantized.codes, [0, 2, 3, 1]); // [B, h, w, in]
    const padded = this.#pad(pixels, pads, quantized.zero);
    const height = Math.floor((window.height + top + bottom - kernel) / stride) + 1;
    const width = Math.floor((window.width + left + right - kernel) / stride) + 1;
    const bandHeight = Math.max(1, Math.floor(BAND_BYTES / (batch * width * kernel * kernel * inner)));
    const bands: Value[] = [];
    for (let first = 0; first < height; first += bandHeight) {
      const rows = Math.min(bandHeight, height - first);
      const codes = this.#unfold(padded, { ...window, source: x.shape, first, rows, columns: width });
      const results = this.reshape(this.#product({ ...quantized, codes }, matrix, bias), [batch, rows, width, out]);
      bands.push(this.transpose(results, [0, 3, 1, 2]));
    }
    return this.#stack(bands);
  }

  #quantize(x: Value): Quantized {
    const known = this.#quantized.get(x.name);
    if (known) return known;
    const [codes, scale, zero] = this.graph.nodeOf('DynamicQuantizeLinear', [x], [x.shape, [], []]);
    const quantized = { codes, scale, zero };
    this.#quantized.set(x.name, quantized);
    return quantized;
  }

  /** Codes [M, K] · matrix [K, N] → float32 [M, N], with the offset [N]. */
  #product({ codes, scale, zero }: Quantized, matrix: Int8MatrixSpec, offset: Value | undefined): Value {
    const weight = this.#bind(matrix);
    const inputs = [codes, weight.codes, scale, weight.scales, zero, undefined, offset];
    const shape = [codes.shape[0] ?? 1, weight.codes.shape[1] ?? 1];
    return this.graph.node('MatMulIntegerToFloat', offset ? inputs : inputs.slice(0, 5), shape, {
      domain: 'com.microsoft',
    });
  }

  #pad(pixels: Value, [top, left, bottom, right]: readonly number[], zero: Value): Value {
    if (top + left + bottom + right === 0) return pixels;
    const [batch = 1, height = 1, width = 1, channels = 1] = pixels.shape;
    const shape = [batch, height + top + bottom, width + left + right, channels];
    const pads = this.graph.ints([0, top, left, 0, 0, bottom, right, 0]);
    return this.graph.node('Pad', [pixels, pads, zero], shape, { attributes: { mode: 'constant' } });
  }

  /**
   * A padded picture [B, h, w, C] → for each result of some rows, the k·k pixels that it is computed from, side by side
   * [B·rows·columns, k·k·C]. One Gather of whole pixels: Slices and a Concat would write everything twice.
   */
  #unfold(pixels: Value, band: Band): Value {
    const [batch = 1, , paddedWidth = 1, channels = 1] = pixels.shape;
    const { kernel, stride, rows, columns } = band;
    const flat = [batch * rows * columns, kernel * kernel * channels];
    if (kernel === 1 && stride === 1 && rows === pixels.shape[1]) return this.reshape(pixels, flat);
    const lines = linesOf(band);
    const begin = lines[0] ?? 0;
    const count = (lines.at(-1) ?? 0) + 1 - begin;
    const range = [[begin], [begin + count], [1]].map((values) => this.graph.ints(values));
    const source = this.graph.node('Slice', [pixels, ...range], [batch, count, paddedWidth, channels]);
    const list = this.reshape(source, [batch, count * paddedWidth, channels]);
    const places = lines.map((line) => (line - begin) * paddedWidth);
    const indices = this.graph.int32s(...pixelIndices(places, band));
    const shape = [batch, rows * columns * kernel * kernel, channels];
    return this.reshape(this.graph.node('Gather', [list, indices], shape, { attributes: { axis: 1 } }), flat);
  }

  /** Bands of rows [B, C, rows, W], stacked vertically. */
  #stack(bands: readonly Value[]): Value {
    const [batch = 1, channels = 1, , width = 1] = bands[0].shape;
    if (bands.length === 1) return bands[0];
    const height = bands.reduce((sum, { shape }) => sum + (shape[2] ?? 0), 0);
    return this.graph.node('Concat', bands, [batch, channels, height, width], { attributes: { axis: 2 } });
  }
}

/** What a convolution looks at: a picture scaled to height × width and padded. */
interface Window {
  readonly kernel: number;
  readonly stride: number;
  /** [top, left, bottom, right] */
  readonly pads: readonly number[];
  readonly height: number;
  readonly width: number;
}

/** Some rows of a convolution's results. */
interface Band extends Window {
  /** [B, C, h, w] before it is scaled and padded. */
  readonly source: readonly number[];
  readonly first: number;
  readonly rows: number;
  readonly columns: number;
}

/** The line of the padded source for each line that the rows of a band look at. */
function linesOf({ source, first, rows, kernel, stride, pads, height }: Band): number[] {
  const [, , lines = 1] = source;
  const [top = 0] = pads;
  const seen = (rows - 1) * stride + kernel;
  return Array.from({ length: seen }, (_, line) => sourcePlace(first * stride + line - top, height, lines) + top);
}

/** Where the pixels of every result stand in a list of pixels, and a name for that table: bands of one form share it. */
function pixelIndices(places: readonly number[], band: Band): [name: string, indices: Int32Array] {
  const { source, rows, columns, kernel, stride, pads, width } = band;
  const [, , , sourceWidth = 1] = source;
  const [, left = 0] = pads;
  const seen = (columns - 1) * stride + kernel;
  const across = Array.from({ length: seen }, (_, x) => sourcePlace(x - left, width, sourceWidth) + left);
  const indices = new Int32Array(rows * columns * kernel * kernel);
  let at = 0;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      for (let y = 0; y < kernel; y++) {
        const place = places[row * stride + y] ?? 0;
        for (let x = 0; x < kernel; x++) indices[at++] = place + (across[column * stride + x] ?? 0);
      }
    }
  }
  return [`pixels:${JSON.stringify([places, sourceWidth, width, columns, kernel, stride, left])}`, indices];
}

/** Nearest neighbour, source = floor(target · in / out); the padding around a picture stays around its source. */
function sourcePlace(target: number, size: number, sourceSize: number): number {
  if (target < 0) return target;
  return target < size ? Math.floor((target * sourceSize) / size) : target - size + sourceSize;
}

function int8Matrix(name: string, shape: readonly number[], rows?: readonly [number, number]): Int8MatrixSpec {
  const tensor = `${name}.weight`;
  const key = rows ? `${tensor}[${rows[0]}:${rows[1]}]` : tensor;
  return { key, tensor, shape, rows: rows ?? [0, shape[0] ?? 1] };
}
