import type { VaeConfig } from './config.ts';

/** A [C, H, W] tensor of one sample. */
export interface Planes {
  readonly data: Float32Array;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/** Whether pictures are encoded and decoded in tiles; `auto`: where they are too large for the memory. */
export type Tiling = 'auto' | boolean;

const MEGAPIXEL = 1024 ** 2;
/** Of SDXL's VAE at its finest level. */
const SDXL_CHANNELS = 128;
/** The side of a tile where the memory of a device is short: 1.2 GB with SDXL's VAE. */
const SMALL_TILE = 512;

/**
 * The side in pixels of the tiles in which a picture is processed; undefined: as a whole. Processing holds a few feature maps of the finest
 * level: beyond one and a half times what a 1024×1024 picture takes with SDXL's VAE (4 GB) there are tiles, of the VAE's native side. Where the
 * memory of a device is short there are tiles beyond 512×512, of at most this side.
 */
export function tileSide(
  { width, height }: Pick<Planes, 'width' | 'height'>,
  { blockOutChannels: [channels = 1], sampleSize }: Pick<VaeConfig, 'blockOutChannels' | 'sampleSize'>,
  tiling: Tiling,
  isShort: boolean,
): number | undefined {
  const most = (isShort ? SMALL_TILE ** 2 : 1.5 * MEGAPIXEL) * SDXL_CHANNELS;
  const isTiled = tiling === 'auto' ? width * height * channels > most : tiling;
  if (!isTiled) return undefined;
  return isShort ? Math.min(sampleSize, SMALL_TILE) : sampleSize;
}

export interface Tiles {
  /** Side of a tile in the input's pixels. */
  readonly tileIn: number;
  /** Side of a tile in the output's pixels. */
  readonly tileOut: number;
}

const OVERLAP = 0.25;

/**
 * Runs a network tile by tile and blends the overlaps, as the reference's tiled VAE does: a tile starts every
 * trunc(0.75·tile); row by row each is blended with its (already blended) upper, then left neighbour over a quarter of a
 * tile; its first three quarters are kept. GroupNorm sees one tile at a time, so the result differs from the untiled one.
 *
 * @param run maps a tile [C, h, w] to its output, scaled by tileOut / tileIn
 */
export async function runTiled(input: Planes, tiling: Tiles, run: (tile: Planes) => Promise<Planes>): Promise<Planes> {
  const stride = Math.trunc(tiling.tileIn * (1 - OVERLAP));
  const overlap = Math.trunc(tiling.tileOut * OVERLAP);
  const kept = tiling.tileOut - overlap;
  const rows: Planes[][] = [];
  for (let top = 0; top < input.height; top += stride) {
    const row: Planes[] = [];
    for (let left = 0; left < input.width; left += stride) {
      row.push(await run(crop(input, { top, left, height: tiling.tileIn, width: tiling.tileIn })));
    }
    rows.push(row);
  }
  const strips = rows.map((row, y) => {
    const pieces = row.map((tile, x) => {
      const above = rows[y - 1]?.[x];
      const before = row[x - 1];
      if (above) blendRows(above, tile, overlap);
      if (before) blendColumns(before, tile, overlap);
      return crop(tile, { top: 0, left: 0, height: kept, width: kept });
    });
    return joinColumns(pieces);
  });
  return joinRows(strips);
}

interface Region {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/** The part of the region that is inside. */
function crop(planes: Planes, region: Region): Planes {
  const height = Math.min(region.height, planes.height - region.top);
  const width = Math.min(region.width, planes.width - region.left);
  const data = new Float32Array(planes.channels * height * width);
  for (let row = 0; row < planes.channels * height; row++) {
    const channel = Math.floor(row / height);
    const from = (channel * planes.height + region.top + (row % height)) * planes.width + region.left;
    data.set(planes.data.subarray(from, from + width), row * width);
  }
  return { data, channels: planes.channels, height, width };
}

/** The last rows of `above` fade into the first of `tile`, in place. */
function blendRows(above: Planes, tile: Planes, overlap: number): void {
  const extent = Math.min(above.height, tile.height, overlap);
  for (let channel = 0; channel < tile.channels; channel++) {
    for (let y = 0; y < extent; y++) {
      const from = (channel * above.height + above.height - extent + y) * above.width;
      const to = (channel * tile.height + y) * tile.width;
      for (let x = 0; x < tile.width; x++) tile.data[to + x] = mix(above.data[from + x], tile.data[to + x], y / extent);
    }
  }
}

function blendColumns(before: Planes, tile: Planes, overlap: number): void {
  const extent = Math.min(before.width, tile.width, overlap);
  for (let row = 0; row < tile.channels * tile.height; row++) {
    const from = row * before.width + before.width - extent;
    const to = row * tile.width;
    for (let x = 0; x < extent; x++) tile.data[to + x] = mix(before.data[from + x], tile.data[to + x], x / extent);
  }
}

function mix(previous: number, own: number, weight: number): number {
  return Math.fround(previous * (1 - weight)) + Math.fround(own * weight);
}

function joinColumns(pieces: readonly Planes[]): Planes {
  const [{ channels, height } = { channels: 0, height: 0 }] = pieces;
  const width = pieces.reduce((sum, piece) => sum + piece.width, 0);
  const data = new Float32Array(channels * height * width);
  let left = 0;
  for (const piece of pieces) {
    for (let row = 0; row < channels * height; row++) {
      data.set(piece.data.subarray(row * piece.width, (row + 1) * piece.width), row * width + left);
    }
    left += piece.width;
  }
  return { data, channels, height, width };
}

function joinRows(strips: readonly Planes[]): Planes {
  const [{ channels, width } = { channels: 0, width: 0 }] = strips;
  const height = strips.reduce((sum, strip) => sum + strip.height, 0);
  const data = new Float32Array(channels * height * width);
  let top = 0;
  for (const strip of strips) {
    for (let channel = 0; channel < channels; channel++) {
      const plane = strip.data.subarray(channel * strip.height * width, (channel + 1) * strip.height * width);
      data.set(plane, (channel * height + top) * width);
    }
    top += strip.height;
  }
  return { data, channels, height, width };
}
