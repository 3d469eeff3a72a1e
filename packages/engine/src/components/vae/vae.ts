import { EngineError } from '../../errors.ts';
import type { TorchGenerator } from '../../random/torch-generator.ts';
import type { PassContext } from '../../runtime/passes.ts';
import type { Network, NetworkContext } from '../network.ts';
import { downscaleOf, type LatentScaling, type VaeConfig } from './config.ts';
import type { VaeShape } from './graph.ts';
import { type Planes, runTiled, type Tiling, tileSide } from './tiling.ts';

export interface VaeRunOptions extends PassContext {
  readonly tiling: Tiling;
}

/** Pictures ↔ latents of one sample, scaling included. */
export class Vae {
  readonly config: VaeConfig;
  readonly #decoder: Network<VaeShape>;
  readonly #encoder: Network<VaeShape>;

  constructor(config: VaeConfig, decoder: Network<VaeShape>, encoder: Network<VaeShape>) {
    this.config = config;
    this.#decoder = decoder;
    this.#encoder = encoder;
  }

  /** Latents [4, h, w] as the UNet has them → image [3, 8h, 8w], about −1…1. */
  async decode(latents: Planes, options: VaeRunOptions): Promise<Planes> {
    const scaled = { ...latents, data: denormalizeLatents(latents.data, this.config.latents) };
    const scale = downscaleOf(this.config);
    const size = { width: latents.width * scale, height: latents.height * scale };
    const run = (tile: Planes) => this.#decodeTile(tile, options);
    return this.#decoder.attempt(async () => {
      const side = tileSide(size, this.config, options.tiling, this.#decoder.isShort);
      return side === undefined
        ? run(scaled)
        : runTiled(scaled, { tileIn: Math.trunc(side / scale), tileOut: side }, run);
    }, options);
  }

  /** Image [3, H, W], −1…1 → latents [4, H/8, W/8] as the UNet takes them, sampled from the encoder's distribution. */
  async encode(image: Planes, generator: Pick<TorchGenerator, 'randn'>, options: VaeRunOptions): Promise<Planes> {
    const run = (tile: Planes) => this.#encodeTile(tile, options);
    const moments = await this.#encoder.attempt(async () => {
      const side = tileSide(image, this.config, options.tiling, this.#encoder.isShort);
      if (side === undefined) return run(image);
      return runTiled(image, { tileIn: side, tileOut: Math.trunc(side / downscaleOf(this.config)) }, run);
    }, options);
    return { ...moments, ...sampleMoments(moments, generator, this.config) };
  }

  /** Prepares the decoder for latents of this size. */
  prepare({ height, width }: { height: number; width: number }, context: NetworkContext): Promise<unknown> {
    return this.#decoder.prepare({ batch: 1, height, width }, context);
  }

  async release(): Promise<void> {
    await Promise.all([this.#decoder.release(), this.#encoder.release()]);
  }

  async #decodeTile({ data, channels, height, width }: Planes, options: VaeRunOptions): Promise<Planes> {
    await options.beforePass();
    const feeds = { latents: { data, shape: [1, channels, height, width] } };
    const { image } = await this.#decoder.run({ batch: 1, height, width }, feeds, options);
    if (!image) throw new EngineError('internal', 'the VAE gave no image');
    const scale = downscaleOf(this.config);
    return { data: image, channels: this.config.outChannels, height: height * scale, width: width * scale };
  }

  async #encodeTile({ data, channels, height, width }: Planes, options: VaeRunOptions): Promise<Planes> {
    await options.beforePass();
    const feeds = { image: { data, shape: [1, channels, height, width] } };
    const { moments } = await this.#encoder.run({ batch: 1, height, width }, feeds, options);
    if (!moments) throw new EngineError('internal', 'the VAE gave no moments');
    const scale = downscaleOf(this.config);
    const size = { height: Math.floor(height / scale), width: Math.floor(width / scale) };
    return { data: moments, channels: 2 * this.config.latentChannels, ...size };
  }
}

/** z = mean + exp(logvar / 2) · noise, logvar clamped to −30 … 20 (Kingma & Welling 2013), then normalised. */
function sampleMoments(moments: Planes, generator: Pick<TorchGenerator, 'randn'>, config: VaeConfig) {
  const count = moments.data.length / 2;
  const noise = generator.randn(count);
  const latents = noise.map((value, index) => {
    const logVariance = Math.min(20, Math.max(-30, moments.data[count + index]));
    return moments.data[index] + Math.fround(Math.fround(Math.exp(0.5 * logVariance)) * value);
  });
  return { data: normalizeLatents(latents, config.latents), channels: config.latentChannels };
}

/** Latents as the UNet has them [4, h, w] → as the VAE decodes them: x · std / factor + mean per channel. */
export function denormalizeLatents(latents: Float32Array, scaling: LatentScaling): Float32Array {
  return perChannel(
    latents,
    scaling,
    (value, mean, std) => Math.fround(Math.fround(value * std) / scaling.factor) + mean,
  );
}

/** The VAE's latents → the UNet's: (z − mean) · factor / std per channel. */
function normalizeLatents(latents: Float32Array, scaling: LatentScaling): Float32Array {
  return perChannel(
    latents,
    scaling,
    (value, mean, std) => Math.fround(Math.fround(value - mean) * scaling.factor) / std,
  );
}

function perChannel(
  latents: Float32Array,
  { mean, std }: LatentScaling,
  map: (value: number, mean: number, std: number) => number,
): Float32Array {
  const pixels = latents.length / mean.length;
  return latents.map((value, index) => {
    const channel = Math.floor(index / pixels);
    return map(value, Math.fround(mean[channel] ?? 0), Math.fround(std[channel] ?? 1));
  });
}
