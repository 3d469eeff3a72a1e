import { EngineError } from '../errors.ts';

const MIN_SEED = -(2n ** 63n);
const MAX_SEED = 2n ** 64n - 1n;

/**
 * Checks a seed as PyTorch's `manual_seed` does: an integer −2^63 … 2^64 − 1. A number must be a safe integer, because a larger
 * one has already lost digits; pass such a seed as a bigint.
 *
 * @param param the name of the seed in the request, for the error
 * @throws EngineError `invalid_request`
 * @example
 * toTorchSeed(42); // 42n
 */
export function toTorchSeed(seed: number | bigint, param = 'seed'): bigint {
  if (typeof seed === 'bigint') {
    if (seed >= MIN_SEED && seed <= MAX_SEED) return seed;
    throw invalid(`${param} must be between −2^63 and 2^64 − 1 (got ${seed})`, param);
  }
  if (Number.isSafeInteger(seed)) return BigInt(seed);
  if (Number.isInteger(seed)) {
    throw invalid(
      `${param} ${seed} is too large for an exact number`,
      param,
      'give integers beyond ±(2^53 − 1) as bigint',
    );
  }
  throw invalid(`${param} must be an integer between −2^63 and 2^64 − 1 (got ${seed})`, param);
}

/** The part of a seed that the generator uses: 2^32 gives the same stream as 0, and −1 the same as 2^32 − 1. */
export function low32Bits(seed: bigint): number {
  return Number(BigInt.asUintN(32, seed));
}

function invalid(message: string, param: string, remedy?: string): EngineError {
  return new EngineError('invalid_request', message, { remedy, details: { param } });
}
