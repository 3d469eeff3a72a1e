import { createMt19937 } from './mt19937.ts';
import { createPairwiseNormal, GROUP_SIZE, normalsFromUniforms } from './normal.ts';
import { low32Bits, toTorchSeed } from './seed.ts';

/** A stream of random numbers. `count` is the size of one whole tensor: the values depend on it, not only on the seed. */
export interface TorchGenerator {
  /** Standard normals, as float32. */
  randn(count: number): Float32Array;
  /** Uniform in [0, 1), multiples of 2^-24, as float32. */
  uniform(count: number): Float32Array;
}

/**
 * The random numbers of `torch.Generator('cpu').manual_seed(seed)`: `randn` equals `torch.randn` and `uniform` equals
 * `torch.rand` of a contiguous float32 tensor, bit for bit as on x86-64 with AVX2. Calls continue one stream.
 *
 * @param seed −2^63 … 2^64 − 1; only the low 32 bits matter
 * @throws EngineError `invalid_request` for any other seed
 * @example
 * const noise = createGenerator(42).randn(4 * 128 * 128); // [4, 128, 128], as torch.randn((1, 4, 128, 128))
 */
export function createGenerator(seed: number | bigint): TorchGenerator {
  const nextUint32 = createMt19937(low32Bits(toTorchSeed(seed)));
  const uniformFloat = () => (nextUint32() & 0xffffff) * 2 ** -24;
  const uniformDouble = () => {
    const high = nextUint32() & 0x1fffff; // 53 of the 64 bits: 21 here and 32 below
    return (high * 2 ** 32 + nextUint32()) * 2 ** -53;
  };
  const pairwiseNormal = createPairwiseNormal(uniformDouble);

  const uniform = (count: number) => Float32Array.from({ length: count }, uniformFloat);
  return {
    uniform,
    randn(count) {
      if (count < GROUP_SIZE) return Float32Array.from({ length: count }, pairwiseNormal);
      const values = uniform(count);
      normalsFromUniforms(values, uniformFloat);
      return values;
    },
  };
}
