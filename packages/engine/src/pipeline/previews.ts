import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Planes } from '../components/vae/tiling.ts';
import type { Vae } from '../components/vae/vae.ts';
import type { DecodedPicture } from '../image/picture.ts';
import { createGenerator } from '../random/torch-generator.ts';
import type { PassContext } from '../runtime/passes.ts';
import { type Precision, variantOf } from '../runtime/variant.ts';
import { solveLinear } from '../sampling/numbers.ts';
import { writeCacheFile } from './cache-folder.ts';

/** RGB = bias + matrix · latent, per latent pixel: three rows of [latent channels + 1], the bias last. */
export type PreviewMap = readonly (readonly number[])[];

/** Converts latents to small pictures without the VAE: one affine colour map per VAE, fitted once and cached. */
export class Previews {
  readonly #vae: Vae;
  readonly #identity: string;
  readonly #cacheDir: string;
  /** By the precision of the VAE. */
  readonly #maps = new Map<Precision, Promise<PreviewMap>>();

  /** @param identity of the VAE's weights and scaling: a different VAE must not get this one's map */
  constructor(vae: Vae, identity: string, cacheDir: string) {
    this.#vae = vae;
    this.#identity = identity;
    this.#cacheDir = cacheDir;
  }

  /** @param spread of clean latents */
  async prepare(spread: number, context: PassContext): Promise<(latents: Planes) => DecodedPicture> {
    const { precision } = variantOf(context.target, 'vae', {});
    const loading = this.#maps.get(precision) ?? this.#load(spread, precision, context);
    this.#maps.set(precision, loading);
    const map = await loading.catch((thrown: unknown) => {
      this.#maps.delete(precision); // a cancelled fit must not be reused by the next request
      throw thrown;
    });
    return (latents) => renderPreview(latents, map);
  }

  #load(spread: number, precision: Precision, context: PassContext): Promise<PreviewMap> {
    const { randn } = createGenerator(0);
    const decode = (latents: Planes) => this.#vae.decode(latents, { ...context, tiling: false });
    const fit = () => fitPreviewMap(this.#vae.config.latentChannels, spread, randn, decode);
    const identity = precision === 'exact' ? this.#identity : `${this.#identity} ${precision}`;
    return cachedPreviewMap(this.#cacheDir, identity, fit);
  }
}

/** The picture at latent size: rounding is accurate enough for a short-lived preview. */
export function renderPreview(latents: Planes, map: PreviewMap): { width: number; height: number; data: Uint8Array } {
  const { channels, height, width } = latents;
  const pixels = height * width;
  const data = new Uint8Array(3 * pixels);
  for (let pixel = 0; pixel < pixels; pixel++) {
    map.forEach((row, colour) => {
      let value = row[channels];
      for (let channel = 0; channel < channels; channel++)
        value += row[channel] * latents.data[channel * pixels + pixel];
      data[3 * pixel + colour] = Math.min(255, Math.max(0, Math.round(255 * (value / 2 + 0.5))));
    });
  }
  return { width, height, data };
}

/** Random colours in blocks of 4×4 latent pixels: flat areas show the colour of a latent, the noise between them the effect of its neighbours. */
const SIDE = 24;
const BLOCK = 4;

/**
 * Fits the map once for a VAE: decodes latents of blocks of random values and relates each latent to the mean colour of
 * the 8×8 pixels it became.
 *
 * @param decode latents [4, h, w] as the UNet has them → image [3, 8h, 8w]
 * @param randn standard normals; a fixed stream makes the map reproducible
 */
export async function fitPreviewMap(
  channels: number,
  spread: number,
  randn: (count: number) => Float32Array,
  decode: (latents: Planes) => Promise<Planes>,
): Promise<PreviewMap> {
  const blocks = SIDE / BLOCK;
  const values = randn(channels * blocks * blocks);
  const data = new Float32Array(channels * SIDE * SIDE).map((_, index) => {
    const [x, y] = [index % SIDE, Math.floor(index / SIDE) % SIDE];
    const channel = Math.floor(index / (SIDE * SIDE));
    return spread * values[(channel * blocks + Math.floor(y / BLOCK)) * blocks + Math.floor(x / BLOCK)];
  });
  const image = await decode({ data, channels, height: SIDE, width: SIDE });
  const inputs = Array.from({ length: SIDE * SIDE }, (_, pixel) =>
    Array.from({ length: channels + 1 }, (_, channel) =>
      channel < channels ? data[channel * SIDE * SIDE + pixel] : 1,
    ),
  );
  return [0, 1, 2].map((colour) => fitAffine(inputs, meanColours(image, colour)));
}

/**
 * The weights w that minimise |X·w − y|², by the normal equations and Gaussian elimination with slight ridge regularisation, which
 * keeps a constant input from making them singular.
 *
 * @param inputs X, rows of equal length
 */
export function fitAffine(inputs: readonly (readonly number[])[], targets: readonly number[]): number[] {
  const size = inputs[0]?.length ?? 0;
  const system = Array.from({ length: size }, (_, row) =>
    Array.from({ length: size + 1 }, (_, column) => (row === column ? 1e-6 * inputs.length : 0)),
  );
  inputs.forEach((input, sample) => {
    for (let row = 0; row < size; row++) {
      for (let column = 0; column < size; column++) system[row][column] += input[row] * input[column];
      system[row][size] += input[row] * targets[sample];
    }
  });
  return solveLinear(system);
}

/** Mean of one colour over the pixels of each latent. */
function meanColours(image: Planes, colour: number): number[] {
  const scale = image.width / SIDE;
  return Array.from({ length: SIDE * SIDE }, (_, pixel) => {
    const [left, top] = [(pixel % SIDE) * scale, Math.floor(pixel / SIDE) * scale];
    let sum = 0;
    for (let y = top; y < top + scale; y++) {
      for (let x = left; x < left + scale; x++) sum += image.data[(colour * image.height + y) * image.width + x];
    }
    return sum / (scale * scale);
  });
}

/** A map is kept across restarts in a small file named after the VAE it was fitted to. */
export async function cachedPreviewMap(
  folder: string,
  identity: string,
  makeMap: () => Promise<PreviewMap>,
): Promise<PreviewMap> {
  const name = `${createHash('sha256').update(identity).digest('hex').slice(0, 32)}.json`;
  const file = join(folder, 'previews', name);
  const known = await readFile(file, 'utf8').then(parseMap, () => undefined);
  if (known) return known;
  const map = await makeMap();
  await writeCacheFile(file, JSON.stringify(map)).catch(() => undefined); // if the cache cannot be written, the only cost is a fit per run
  return map;
}

function parseMap(text: string): PreviewMap | undefined {
  try {
    const map: unknown = JSON.parse(text);
    const isRow = (row: unknown): row is number[] => Array.isArray(row) && row.every((value) => Number.isFinite(value));
    return Array.isArray(map) && map.length === 3 && map.every(isRow) ? map : undefined;
  } catch {
    return undefined;
  }
}
