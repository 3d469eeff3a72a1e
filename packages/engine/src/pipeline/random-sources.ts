import { randomInt } from 'node:crypto';
import { seedOfSample } from '@easel/parameters';
import type { GenerateRequest } from '../model.ts';
import { createCudaGenerator } from '../random/cuda-generator.ts';
import { toTorchSeed } from '../random/seed.ts';
import { createGenerator, type TorchGenerator } from '../random/torch-generator.ts';
import { engineLimits, invalid, requireChoice, requireNumber } from './limits.ts';

type NormalSource = Pick<TorchGenerator, 'randn'>;

/** The source of randomness for one sample. */
export interface RandomSource {
  /** The seed that reproduces this picture alone; null when latents were given. */
  readonly seed: bigint | null;
  /** Where the starting noise is turned toward that of another seed. */
  readonly variationSeed?: bigint;
  /** Draws the noise of the VAE's encoder (image-to-image draws it first), then that of the diffusion. */
  readonly generator: NormalSource;
  /** The diffusion noise [4, h, w], unit variance: first that of the latents, then one for each step whose sampler needs it. */
  noise(): Float32Array;
}

/** What a run encodes with the VAE, whose noise comes from the same stream as the latents': before these, and after. */
export interface EncodedPictures {
  /** The start image: to start from it, or to put it back where it is kept. */
  readonly start: boolean;
  /** The start image without what is repainted, for a UNet for inpainting. */
  readonly masked: boolean;
}

/** The generator uses 32 bits, so a larger seed would give the same picture under another number. */
const RANDOM_SEEDS = 2 ** 32;

/**
 * @param count elements of one sample's latents [4, h, w]
 * @throws EngineError `invalid_request`
 */
export function planRandomSources(
  request: GenerateRequest,
  count: number,
  encodes: EncodedPictures = { start: request.image !== undefined, masked: false },
): RandomSource[] {
  const samples = samplesOf(request);
  requireChoice('generator', request.generator ?? 'per-sample', ['per-sample', 'shared']);
  const seeds = seedsOf(request, samples);
  const variations = variationsOf(request, samples);
  if (request.generator === 'shared')
    return givenOr(
      sharedStream(sourceOf(request)(seeds[0] ?? 0n), seeds[0] ?? 0n, { samples, count, encodes }),
      request,
      count,
    );
  const createSource = sourceOf(request);
  const starts = seeds.map((seed, index) => {
    const own = ownStream(createSource, seed, count);
    const variation = variations[index];
    return variation === undefined ? own : vary(own, variation, { createSource, count, encodes });
  });
  return givenOr(starts, request, count);
}

function samplesOf({ samples, seeds }: GenerateRequest): number {
  const { min, max } = engineLimits.samples;
  if (samples !== undefined || !seeds) return requireNumber('samples', samples ?? 1, engineLimits.samples);
  if (seeds.length >= min && seeds.length <= max) return seeds.length;
  throw invalid('seeds', `seeds must be ${min} to ${max} seeds (got ${seeds.length})`);
}

function givenOr(starts: RandomSource[], request: GenerateRequest, count: number): RandomSource[] {
  return request.latents ? withLatents(starts, request, request.latents, count) : starts;
}

/** The generator of a seed. @throws EngineError `invalid_request` */
function sourceOf({ cudaThreads }: GenerateRequest): (seed: bigint) => NormalSource {
  if (cudaThreads === undefined) return createGenerator;
  const threads = requireNumber('cudaThreads', cudaThreads, { min: 256, max: 2 ** 24, whole: true });
  return (seed) => createCudaGenerator(seed, threads);
}

function ownStream(createSource: (seed: bigint) => NormalSource, seed: bigint, count: number): RandomSource {
  const generator = createSource(seed);
  return { seed, generator, noise: () => generator.randn(count) };
}

/** What the noise of one sample is turned to, and by how much. */
interface Variation {
  readonly seed: bigint;
  readonly strength: number;
}

/** One per sample; empty: there are none. @throws EngineError `invalid_request` */
function variationsOf(request: GenerateRequest, samples: number): Variation[] {
  const { variationSeed, generator, latents } = request;
  const strength = strengthOf(request);
  if (variationSeed !== undefined) toTorchSeed(variationSeed, 'variationSeed');
  if (strength === 0) return [];
  if (generator === 'shared') throw invalid('variationStrength', 'a shared generator has no variations');
  if (latents) throw invalid('variationStrength', 'latents have no seed to vary; leave variationStrength out');
  const first = toTorchSeed(variationSeed ?? randomInt(RANDOM_SEEDS), 'variationSeed');
  return Array.from({ length: samples }, (_, index) => ({ seed: seedOfSample(first, index), strength }));
}

function strengthOf({ variationStrength = 0 }: GenerateRequest): number {
  return requireNumber('variationStrength', variationStrength, engineLimits.variationStrength);
}

/** Only the starting noise is varied: what the encoder and the steps of ancestral samplers draw stays that of the first seed. */
function vary(
  own: RandomSource,
  { seed, strength }: Variation,
  {
    createSource,
    count,
    encodes,
  }: {
    readonly createSource: (seed: bigint) => NormalSource;
    readonly count: number;
    readonly encodes: EncodedPictures;
  },
): RandomSource {
  let isFirst = true;
  const noise = () => {
    const drawn = own.noise();
    if (!isFirst) return drawn;
    isFirst = false;
    const other = createSource(seed);
    // The picture of that seed alone would encode its start image first.
    if (encodes.start) other.randn(count);
    return interpolateNoise(drawn, other.randn(count), strength);
  };
  return { ...own, variationSeed: seed, noise };
}

/** Almost parallel: the arc is too short to divide by its sine, and as straight as a line. */
const PARALLEL = 0.9995;

/**
 * Spherical interpolation (Shoemake 1985) with one angle for all the noise, as in InvokeAI and the noise nodes of ComfyUI: in between, the noise has
 * the length of noise, where a straight line would be too short and its pictures blurred. AUTOMATIC1111 has an angle for each column of it.
 *
 * @param strength 0: `one`, 1: `other`
 */
export function interpolateNoise(one: Float32Array, other: Float32Array, strength: number): Float32Array {
  if (strength === 0) return one;
  if (strength === 1) return other;
  const cosine = dot(one, other) / Math.sqrt(dot(one, one) * dot(other, other));
  const angle = Math.acos(Math.min(1, Math.max(-1, cosine)));
  const share = (part: number) => (Math.abs(cosine) > PARALLEL ? part : Math.sin(part * angle) / Math.sin(angle));
  const [ofOne, ofOther] = [share(1 - strength), share(strength)];
  return one.map((value, index) => ofOne * value + ofOther * (other[index] ?? 0));
}

function dot(one: Float32Array, other: Float32Array): number {
  return one.reduce((sum, value, index) => sum + value * (other[index] ?? 0), 0);
}

/** seed, seed + 1, …; of variations all have the one seed. */
export function seedsOf(request: GenerateRequest, samples: number): bigint[] {
  const { seed, seeds, generator } = request;
  if (seeds) {
    if (seeds.length !== samples) {
      throw invalid('seeds', `seeds must have one seed per sample (got ${seeds.length} for ${samples} samples)`);
    }
    if (seed !== undefined) throw invalid('seeds', 'give seed or seeds, not both');
    if (generator === 'shared') throw invalid('seeds', 'a shared generator has one seed', 'give seed instead of seeds');
    return seeds.map((each) => toTorchSeed(each, 'seeds'));
  }
  const first = toTorchSeed(seed ?? randomInt(RANDOM_SEEDS));
  const isVaried = strengthOf(request) > 0;
  return Array.from({ length: samples }, (_, index) => (isVaried ? first : seedOfSample(first, index)));
}

/**
 * One generator draws tensors [samples, 4, h, w], one for the latents and one per step; image-to-image draws a single [1, 4, h, w] for the
 * encoder before them, inpainting perhaps another after the latents'. The first sample to reach a step draws for all.
 */
function sharedStream(
  stream: NormalSource,
  seed: bigint,
  { samples, count, encodes }: { readonly samples: number; readonly count: number; readonly encodes: EncodedPictures },
): RandomSource[] {
  const encoderNoise = encodes.start ? [stream.randn(count)] : [];
  const drawn = [stream.randn(samples * count)];
  if (encodes.masked) encoderNoise.push(stream.randn(count));
  return Array.from({ length: samples }, (_, index) => {
    let taken = 0;
    const noise = () => {
      if (taken === drawn.length) drawn.push(stream.randn(samples * count));
      return drawn[taken++].slice(index * count, (index + 1) * count);
    };
    // randn fills in groups of 16
    const isSingle = index === 0 && (samples === 1 || count % 16 === 0);
    return { seed: isSingle ? seed : null, generator: replay(encoderNoise, stream), noise };
  });
}

/** Every sample of a shared stream has the same encodings of the pictures. */
function replay(drawn: readonly Float32Array[], stream: NormalSource): NormalSource {
  const left = [...drawn];
  return { randn: (count: number) => left.shift() ?? stream.randn(count) };
}

/** The latents start from given noise instead of the stream's first. */
function withLatents(
  starts: readonly RandomSource[],
  request: GenerateRequest,
  latents: Float32Array,
  count: number,
): RandomSource[] {
  if (request.image) throw invalid('latents', 'latents cannot be given together with image');
  const samples = starts.length;
  if (latents.length !== samples * count) {
    throw invalid(
      'latents',
      `latents must have ${samples * count} values for ${samples} samples of this size (got ${latents.length})`,
    );
  }
  if (!latents.every(Number.isFinite)) throw invalid('latents', 'latents must be finite numbers');
  return starts.map(({ generator, noise }, index) => {
    let given: Float32Array | undefined = latents.slice(index * count, (index + 1) * count);
    const next = () => {
      const first = given;
      given = undefined;
      return first ?? noise();
    };
    return { seed: null, generator, noise: next };
  });
}
