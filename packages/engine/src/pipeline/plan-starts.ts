import { randomInt } from 'node:crypto';
import type { GenerateRequest } from '../model.ts';
import { toTorchSeed } from '../random/seed.ts';
import { createGenerator, type Generator } from '../random/torch-generator.ts';
import { invalid, limits, requireNumber } from './limits.ts';

/** Where the randomness of one sample comes from. */
export interface Start {
  /** The seed that makes this picture alone; null when latents were given. */
  readonly seed: bigint | null;
  /** Draws the noise of the VAE's encoder (image-to-image draws it first), then that of the diffusion. */
  readonly generator: Generator;
  /** The diffusion noise [4, h, w], unit variance: given, or the generator's next. */
  noise(): Float32Array;
}

/** The generator uses 32 bits, so more would be the same picture under another number. */
const RANDOM_SEEDS = 2 ** 32;
const LAST_SEED = 2n ** 64n - 1n;

/**
 * @param count elements of one sample's latents [4, h, w]
 * @throws EngineError `invalid_request`
 */
export function startsOf(request: GenerateRequest, count: number): Start[] {
  const samples = requireNumber('samples', request.samples ?? request.seeds?.length ?? 1, limits.samples);
  if (request.latents) return givenNoise(request, request.latents, samples, count);
  const seeds = seedsOf(request, samples);
  if (request.generator === 'shared') return sharedStream(seeds[0] ?? 0n, samples, count, request.image !== undefined);
  return seeds.map((seed) => {
    const generator = createGenerator(seed);
    return { seed, generator, noise: () => generator.randn(count) };
  });
}

/** seed, seed + 1, …, wrapping to 0 past the generator's last. */
function seedsOf({ seed, seeds, generator }: GenerateRequest, samples: number): bigint[] {
  if (seeds) {
    if (seeds.length !== samples) {
      throw invalid('seeds', `seeds must have one seed per sample (got ${seeds.length} for ${samples} samples)`);
    }
    if (seed !== undefined) throw invalid('seeds', 'give seed or seeds, not both');
    if (generator === 'shared') throw invalid('seeds', 'a shared generator has one seed; give seed instead of seeds');
    return seeds.map((each) => toTorchSeed(each, 'seeds'));
  }
  const first = toTorchSeed(seed ?? randomInt(RANDOM_SEEDS));
  return Array.from({ length: samples }, (_, index) => {
    const next = first + BigInt(index);
    return next > LAST_SEED ? next - LAST_SEED - 1n : next;
  });
}

/** One generator draws one tensor [samples, 4, h, w]; image-to-image draws a single [1, 4, h, w] for the encoder before it. */
function sharedStream(seed: bigint, samples: number, count: number, fromImage: boolean): Start[] {
  const stream = createGenerator(seed);
  const encoderNoise = fromImage ? stream.randn(count) : undefined;
  const noise = stream.randn(samples * count);
  return Array.from({ length: samples }, (_, index) => ({
    seed: index === 0 && (samples === 1 || count % 16 === 0) ? seed : null, // randn fills in groups of 16
    generator: encoderNoise ? replay(encoderNoise) : stream,
    noise: () => noise.slice(index * count, (index + 1) * count),
  }));
}

/** Every sample of a shared stream starts from the same encoding of the picture. */
function replay(values: Float32Array): Generator {
  return { randn: () => values, uniform: () => values };
}

function givenNoise(request: GenerateRequest, latents: Float32Array, samples: number, count: number): Start[] {
  if (request.image) throw invalid('latents', 'latents cannot be given together with image');
  if (latents.length !== samples * count) {
    throw invalid(
      'latents',
      `latents must have ${samples * count} values for ${samples} samples of this size (got ${latents.length})`,
    );
  }
  if (!latents.every(Number.isFinite)) throw invalid('latents', 'latents must be finite numbers');
  return Array.from({ length: samples }, (_, index) => ({
    seed: null,
    generator: createGenerator(0),
    noise: () => latents.slice(index * count, (index + 1) * count),
  }));
}
