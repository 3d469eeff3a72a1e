/** Yields the next 32 random bits, 0 … 2^32 − 1. */
export type NextUint32 = () => number;

const STATE_LENGTH = 624;
const SHIFT = 397;

/**
 * The Mersenne Twister MT19937 (Matsumoto and Nishimura 1998), seeded as in the authors' `init_genrand` (2002) and in PyTorch's
 * CPU generator.
 *
 * @param seed 0 … 2^32 − 1
 * @example
 * const next = createMt19937(5489);
 * next(); // 3499211612
 */
export function createMt19937(seed: number): NextUint32 {
  const state = initialState(seed);
  let position = STATE_LENGTH;
  return () => {
    if (position === STATE_LENGTH) {
      twist(state);
      position = 0;
    }
    return temper(state[position++]);
  };
}

/** Knuth's multiplier 1812433253 spreads the seed over the whole state (TAOCP vol. 2, 3rd ed., p. 106). */
function initialState(seed: number): Uint32Array {
  const state = new Uint32Array(STATE_LENGTH);
  state[0] = seed;
  for (let i = 1; i < STATE_LENGTH; i++) {
    const previous = state[i - 1];
    state[i] = Math.imul(1812433253, previous ^ (previous >>> 30)) + i;
  }
  return state;
}

function twist(state: Uint32Array): void {
  for (let i = 0; i < STATE_LENGTH; i++) {
    const joined = (state[i] & 0x80000000) | (state[(i + 1) % STATE_LENGTH] & 0x7fffffff);
    const mixed = (joined >>> 1) ^ (joined & 1 ? 0x9908b0df : 0);
    state[i] = state[(i + SHIFT) % STATE_LENGTH] ^ mixed;
  }
}

function temper(word: number): number {
  let bits = word;
  bits ^= bits >>> 11;
  bits ^= (bits << 7) & 0x9d2c5680;
  bits ^= (bits << 15) & 0xefc60000;
  return (bits ^ (bits >>> 18)) >>> 0;
}
