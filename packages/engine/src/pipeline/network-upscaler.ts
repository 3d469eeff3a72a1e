import type { Network } from '../components/network.ts';
import type { RrdbConfig, RrdbShape } from '../components/rrdb/graph.ts';
import type { Planes } from '../components/vae/tiling.ts';
import { EngineError } from '../errors.ts';
import { cropPicture, resizeLanczos } from '../image/lanczos.ts';
import type { Box, DecodedPicture } from '../image/picture.ts';
import { pictureToTensor, tensorToPicture } from '../image/pixels.ts';
import type { PictureSize } from '../model.ts';
import type { PassContext } from '../runtime/passes.ts';

/** Side of the part of a picture that one pass is for, and how much around it the network sees. */
const TILE = 128;
const MARGIN = 16;

export interface UpscaleContext extends PassContext {
  /** After each tile. */
  readonly onTile?: ((done: number, total: number) => void) | undefined;
}

/** Pictures → larger ones, tile by tile. */
export class RrdbUpscaler {
  /** By how much both sides grow in one pass. */
  readonly scale: number;
  readonly #network: Network<RrdbShape>;
  readonly #fold: number;

  constructor({ inChannels, doublings }: RrdbConfig, network: Network<RrdbShape>) {
    this.#fold = Math.sqrt(inChannels / 3);
    this.scale = 2 ** doublings / this.#fold;
    this.#network = network;
  }

  /** Of a picture that is enlarged by so much. */
  tileCount({ width, height }: PictureSize, by: number): number {
    const own = tilesOf({ width, height }).length;
    const { scale } = this;
    return scale >= by ? own : own + this.tileCount({ width: width * scale, height: height * scale }, by / scale);
  }

  /**
   * Passes are repeated until the picture is large enough; where the last one makes it larger, it is scaled down with Lanczos.
   *
   * @param by a power of two
   */
  async upscale(picture: DecodedPicture, by: number, context: UpscaleContext): Promise<DecodedPicture> {
    const total = this.tileCount(picture, by);
    let done = 0;
    const afterTile = () => context.onTile?.(++done, total);
    let current = picture;
    for (let left = by; left > 1; left /= Math.min(this.scale, left))
      current = await this.#enlarge(current, Math.min(this.scale, left), context, afterTile);
    return current;
  }

  release(): Promise<void> {
    return this.#network.release();
  }

  async #enlarge(picture: DecodedPicture, by: number, context: PassContext, afterTile: () => void) {
    const [width, height] = [picture.width * by, picture.height * by];
    const data = new Uint8Array(3 * width * height);
    for (const box of tilesOf(picture)) {
      await context.beforePass();
      const tile = await this.#tile(picture, box, by, context);
      for (let row = 0; row < tile.height; row++) {
        const line = tile.data.subarray(3 * row * tile.width, 3 * (row + 1) * tile.width);
        data.set(line, 3 * ((box.top * by + row) * width + box.left * by));
      }
      afterTile();
    }
    return { width, height, data };
  }

  /** One tile, enlarged. What is around it is seen, and cut off. */
  async #tile(picture: DecodedPicture, box: Box, by: number, context: PassContext): Promise<DecodedPicture> {
    const fold = this.#fold;
    const [left, top] = [Math.max(box.left - MARGIN, 0), Math.max(box.top - MARGIN, 0)];
    const upTo = (end: number, side: number, start: number) =>
      Math.ceil((Math.min(end + MARGIN, side) - start) / fold) * fold;
    const seen = { width: upTo(box.right, picture.width, left), height: upTo(box.bottom, picture.height, top) };
    const part = mirrored(picture, { left, top, right: left + seen.width, bottom: top + seen.height });
    const pixels = pictureToTensor(part).map((value) => (value + 1) / 2);
    const given = pixelsToChannels({ data: pixels, channels: 3, ...seen }, fold);
    const shape = { height: given.height, width: given.width };
    const feeds = { pixels: { data: given.data, shape: [1, given.channels, given.height, given.width] } };
    const { image } = await this.#network.run(shape, feeds, context);
    if (!image) throw new EngineError('internal', 'the upscaler gave no image');
    const large = tensorToPicture(
      image.map((value) => value * 2 - 1),
      seen.width * this.scale,
      seen.height * this.scale,
    );
    const scaled = by === this.scale ? large : resizeLanczos(large, seen.width * by, seen.height * by);
    const inner = { left: box.left - left, top: box.top - top, right: box.right - left, bottom: box.bottom - top };
    return cropPicture(scaled, {
      left: inner.left * by,
      top: inner.top * by,
      right: inner.right * by,
      bottom: inner.bottom * by,
    });
  }
}

function tilesOf({ width, height }: PictureSize): readonly Box[] {
  const starts = (side: number) => Array.from({ length: Math.ceil(side / TILE) }, (_, index) => index * TILE);
  return starts(height).flatMap((top) =>
    starts(width).map((left) => ({
      left,
      top,
      right: Math.min(left + TILE, width),
      bottom: Math.min(top + TILE, height),
    })),
  );
}

/** A part of a picture, which may go beyond its right and its lower edge: there it is mirrored. */
function mirrored(picture: DecodedPicture, { left, top, right, bottom }: Box): DecodedPicture {
  const [width, height] = [right - left, bottom - top];
  const data = new Uint8Array(3 * width * height);
  const within = (at: number, side: number) => {
    const period = Math.max(2 * (side - 1), 1);
    return Math.min(at % period, period - (at % period), side - 1);
  };
  for (let y = 0; y < height; y++) {
    const row = within(top + y, picture.height) * picture.width;
    for (let x = 0; x < width; x++) {
      const from = 3 * (row + within(left + x, picture.width));
      data.set(picture.data.subarray(from, from + 3), 3 * (y * width + x));
    }
  }
  return { width, height, data };
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
