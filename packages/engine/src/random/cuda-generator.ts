import { toTorchSeed } from './seed.ts';
import type { TorchGenerator } from './torch-generator.ts';

const { ceil, cos, fround, log, min, sin, sqrt } = Math;

const MULTIPLIERS = [0xd2511f53, 0xcd9e8d57] as const;
const WEYL = [0x9e3779b9, 0xbb67ae85] as const;
const ROUNDS = 10;

type Words = readonly [number, number, number, number];

/** Of the kernel that fills a tensor: threads of a block, and values that a thread draws at a time. */
const BLOCK = 256;
const VALUES_AT_A_TIME = 4;

const TWO_POW_MINUS_32 = fround(2.3283064e-10);
const TWO_PI_POW_MINUS_32 = fround(2.3283064e-10 * 6.2831855);

/**
 * The random normals of `torch.Generator('cuda').manual_seed(seed)`, drawn on the CPU to a few units in the last place: Philox 4×32 with ten
 * rounds (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"), one subsequence for each thread and one offset for each tensor,
 * and Box and Muller's pairs as cuRAND has them (PyTorch, DistributionTemplates.h). Which thread fills an element depends on how many the card
 * runs at once, if that is fewer than the tensor has elements.
 *
 * @param threads that the card runs at once: processors × threads of one, such as 221,184 of an A100 and 40,960 of a T4
 * @throws EngineError `invalid_request` for a seed that PyTorch refuses
 */
export function createCudaGenerator(seed: number | bigint, threads: number): Pick<TorchGenerator, 'randn'> {
  const bits = BigInt.asUintN(64, toTorchSeed(seed));
  const key = [Number(bits & 0xffffffffn), Number(bits >> 32n)] as const;
  let offset = 0;
  return {
    randn(count) {
      const own = min(ceil(count / BLOCK) * BLOCK, threads);
      const rounds = ceil(count / (own * VALUES_AT_A_TIME));
      const values = new Float32Array(count);
      for (let round = 0; round < rounds; round++) {
        for (let thread = 0; thread < own; thread++) {
          const first = round * own * VALUES_AT_A_TIME + thread;
          if (first >= count) break;
          const drawn = normalsOf(philox([offset + round, 0, thread, 0], key));
          for (const [index, value] of drawn.entries()) {
            if (first + index * own < count) values[first + index * own] = value;
          }
        }
      }
      offset += rounds;
      return values;
    },
  };
}

function normalsOf([a, b, c, d]: Words): readonly number[] {
  return [...boxMuller(a, b), ...boxMuller(c, d)];
}

function boxMuller(x: number, y: number): readonly [number, number] {
  const u = fround(fround(x * TWO_POW_MINUS_32) + TWO_POW_MINUS_32 / 2);
  const v = fround(fround(y * TWO_PI_POW_MINUS_32) + TWO_PI_POW_MINUS_32 / 2);
  const radius = sqrt(-2 * log(u));
  return [radius * sin(v), radius * cos(v)];
}

/** Four words from a counter and a key. */
export function philox(counter: Words, key: readonly [number, number]): Words {
  let [a, b, c, d] = counter;
  let [left, right] = key;
  for (let round = 0; round < ROUNDS; round++) {
    const [high0, low0] = multiply(MULTIPLIERS[0], a);
    const [high1, low1] = multiply(MULTIPLIERS[1], c);
    [a, b, c, d] = [(high1 ^ b ^ left) >>> 0, low1, (high0 ^ d ^ right) >>> 0, low0];
    left = (left + WEYL[0]) >>> 0;
    right = (right + WEYL[1]) >>> 0;
  }
  return [a, b, c, d];
}

/** The 64 bits of a product of two words of 32, high half first. */
function multiply(x: number, y: number): readonly [high: number, low: number] {
  const [xHigh, xLow, yHigh, yLow] = [x >>> 16, x & 0xffff, y >>> 16, y & 0xffff];
  const middle = xHigh * yLow + xLow * yHigh + ((xLow * yLow) >>> 16); // below 2^34
  return [(xHigh * yHigh + Math.floor(middle / 0x1_0000)) >>> 0, Math.imul(x, y) >>> 0];
}
