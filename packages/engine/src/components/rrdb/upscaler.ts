import { EngineError } from '../../errors.ts';
import type { PassContext } from '../../runtime/passes.ts';
import type { Network } from '../network.ts';
import type { Planes } from '../vae/tiling.ts';
import type { RrdbConfig, RrdbShape } from './graph.ts';

/** Side of the part of a picture that one pass is for, and how much around it the network sees. */
const TILE = 192;
const MARGIN = 16;

/** Pictures → larger ones, tile by tile; 0 … 1. */
export class RrdbUpscaler {
  /** By how much both sides grow. */
  readonly scale: number;
  readonly #network: Network<RrdbShape>;
  readonly #fold: number;

  constructor({ inChannels, doublings }: RrdbConfig, network: Network<RrdbShape>) {
    this.#fold = Math.sqrt(inChannels / 3);
    this.scale = 2 ** doublings / this.#fold;
    this.#network = network;
  }

  /** @param onTile after each tile */
  async upscale(
    picture: Planes,
    context: PassContext & { readonly onTile?: ((done: number, total: number) => void) | undefined },
  ): Promise<Planes> {
    const { scale } = this;
    const [width, height] = [picture.width * scale, picture.height * scale];
    const result: Planes = { data: new Float32Array(3 * width * height), channels: 3, width, height };
    const tiles = tilesOf(picture);
    for (const [index, tile] of tiles.entries()) {
      await context.beforePass();
      await this.#paste(picture, tile, result, context);
      context.onTile?.(index + 1, tiles.length);
    }
    return result;
  }

  release(): Promise<void> {
    return this.#network.release();
  }

  async #paste(
    picture: Planes,
    { left, top, width, height }: Tile,
    result: Planes,
    context: PassContext,
  ): Promise<void> {
    const fold = this.#fold;
    const [x, y] = [Math.max(left - MARGIN, 0), Math.max(top - MARGIN, 0)];
    const upTo = (end: number, side: number, start: number) =>
      Math.ceil((Math.min(end + MARGIN, side) - start) / fold) * fold;
    const seen = { width: upTo(left + width, picture.width, x), height: upTo(top + height, picture.height, y) };
    const given = pixelsToChannels(mirrored(picture, { left: x, top: y, ...seen }), fold);
    const shape = { height: given.height, width: given.width };
    const feeds = { pixels: { data: given.data, shape: [1, given.channels, given.height, given.width] } };
    const { image } = await this.#network.run(shape, feeds, context);
    if (!image) throw new EngineError('internal', 'the upscaler gave no image');
    const { scale } = this;
    const wide = seen.width * scale;
    for (let row = 0; row < 3 * height * scale; row++) {
      const [channel, line] = [Math.floor(row / (height * scale)), row % (height * scale)];
      const from = ((channel * seen.height + top - y) * scale + line) * wide + (left - x) * scale;
      const to = (channel * result.height + top * scale + line) * result.width + left * scale;
      result.data.set(image.subarray(from, from + width * scale), to);
    }
  }
}

interface Tile {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

function tilesOf({ width, height }: Planes): readonly Tile[] {
  const starts = (side: number) => Array.from({ length: Math.ceil(side / TILE) }, (_, index) => index * TILE);
  return starts(height).flatMap((top) =>
    starts(width).map((left) => ({
      left,
      top,
      width: Math.min(TILE, width - left),
      height: Math.min(TILE, height - top),
    })),
  );
}

/** A part of a picture, which may go beyond its right and its lower edge: there it is mirrored. */
function mirrored(picture: Planes, { left, top, width, height }: Tile): Planes {
  const data = new Float32Array(picture.channels * width * height);
  const within = (at: number, side: number) => {
    const period = Math.max(2 * (side - 1), 1);
    const place = ((at % period) + period) % period;
    return Math.min(place, period - place, side - 1);
  };
  for (let channel = 0; channel < picture.channels; channel++) {
    for (let y = 0; y < height; y++) {
      const row = (channel * picture.height + within(top + y, picture.height)) * picture.width;
      for (let x = 0; x < width; x++)
        data[(channel * height + y) * width + x] = picture.data[row + within(left + x, picture.width)];
    }
  }
  return { data, channels: picture.channels, height, width };
}

/** Each block of n×n pixels as channels of one pixel, PyTorch's `pixel_unshuffle`. */
export function pixelsToChannels(picture: Planes, n: number): Planes {
  if (n === 1) return picture;
  const [width, height] = [picture.width / n, picture.height / n];
  const data = new Float32Array(picture.data.length);
  for (let channel = 0; channel < picture.channels * n * n; channel++) {
    const [of, dy, dx] = [Math.floor(channel / (n * n)), Math.floor(channel / n) % n, channel % n];
    for (let y = 0; y < height; y++) {
      const row = (of * picture.height + y * n + dy) * picture.width + dx;
      for (let x = 0; x < width; x++) data[(channel * height + y) * width + x] = picture.data[row + x * n];
    }
  }
  return { data, channels: picture.channels * n * n, height, width };
}
