import { EngineError } from '../../errors.ts';
import type { Network, NetworkContext } from '../network.ts';
import type { VaeConfig } from '../vae/config.ts';
import type { VaeShape } from '../vae/graph.ts';
import { type Planes, runTiled, tileSide } from '../vae/tiling.ts';
import { denormalizeLatents, type VaeRunOptions } from '../vae/vae.ts';
import { TINY_DOWNSCALE } from './graph.ts';

/** The factor by which SDXL's pipeline multiplies the latents of its VAE: the scale that tiny decoders were trained in. */
const SDXL_SCALE = 0.13025;

/** Decodes latents with a tiny autoencoder: nearly the VAE's picture for a twentieth of the arithmetic. */
export class TinyDecoder {
  readonly #vae: VaeConfig;
  readonly #network: Network<VaeShape>;

  /** @param vae whose latents it decodes */
  constructor(vae: VaeConfig, network: Network<VaeShape>) {
    this.#vae = vae;
    this.#network = network;
  }

  /** Latents [4, h, w] as the UNet has them → image [3, 8h, 8w], about −1…1. */
  async decode(latents: Planes, options: VaeRunOptions): Promise<Planes> {
    const scaled = { ...latents, data: sdxlLatents(latents.data, this.#vae) };
    const size = { width: latents.width * TINY_DOWNSCALE, height: latents.height * TINY_DOWNSCALE };
    const run = (tile: Planes) => this.#decodeTile(tile, options);
    return this.#network.attempt(async () => {
      const side = tileSide(size, this.#vae, options.tiling, this.#network.isShort);
      if (side === undefined) return run(scaled);
      return runTiled(scaled, { tileIn: Math.trunc(side / TINY_DOWNSCALE), tileOut: side }, run);
    }, options);
  }

  prepare({ height, width }: { height: number; width: number }, context: NetworkContext): Promise<unknown> {
    return this.#network.prepare({ batch: 1, height, width }, context);
  }

  release(): Promise<void> {
    return this.#network.release();
  }

  async #decodeTile({ data, channels, height, width }: Planes, options: VaeRunOptions): Promise<Planes> {
    await options.beforePass();
    const feeds = { latents: { data, shape: [1, channels, height, width] } };
    const { image } = await this.#network.run({ batch: 1, height, width }, feeds, options);
    if (!image) throw new EngineError('internal', 'the tiny decoder gave no image');
    return { data: image, channels: 3, height: height * TINY_DOWNSCALE, width: width * TINY_DOWNSCALE };
  }
}

/**
 * Latents in a UNet's scale → in that of SDXL's UNet, by way of the VAE's, which the models share. Playground v2.5 normalises them by
 * their mean and standard deviation, SDXL by a single factor.
 */
export function sdxlLatents(latents: Float32Array, { latents: scaling }: Pick<VaeConfig, 'latents'>): Float32Array {
  const isSdxl =
    scaling.factor === SDXL_SCALE && scaling.mean.every((m) => m === 0) && scaling.std.every((s) => s === 1);
  return isSdxl ? latents : denormalizeLatents(latents, scaling).map((value) => value * SDXL_SCALE);
}
