import { logFloat32, sineAndCosineFloat32 } from './float32-functions.ts';

const { fround, sqrt } = Math;

/** PyTorch transforms uniforms in groups of this size, and uses another code path for tensors smaller than one group. */
export const GROUP_SIZE = 16;
const HALF = GROUP_SIZE / 2;
const twoPi = fround(2 * Math.PI);

/**
 * Turns uniforms [0, 1) into standard normals in place (Box and Muller 1958), in PyTorch's order and arithmetic: element j of a
 * group of 16 gives the radius of outputs j and j + 8, element j + 8 their angle. If the length is not a multiple of 16, the last
 * 16 elements are drawn and transformed again, overwriting what the previous group left there.
 *
 * @param values at least 16 uniforms, in the order they were drawn
 * @param nextUniform draws the next float32 uniform of the same stream
 */
export function normalsFromUniforms(values: Float32Array, nextUniform: () => number): void {
  for (let at = 0; at + GROUP_SIZE <= values.length; at += GROUP_SIZE) transformGroup(values, at);
  if (values.length % GROUP_SIZE === 0) return;
  const lastGroup = values.length - GROUP_SIZE;
  for (let i = lastGroup; i < values.length; i++) values[i] = nextUniform();
  transformGroup(values, lastGroup);
}

function transformGroup(values: Float32Array, start: number): void {
  for (let i = start; i < start + HALF; i++) {
    const radius = fround(sqrt(fround(-2 * logFloat32(fround(1 - values[i])))));
    const { sine, cosine } = sineAndCosineFloat32(fround(twoPi * values[i + HALF]));
    values[i] = radius * cosine;
    values[i + HALF] = radius * sine;
  }
}

/**
 * Standard normals one at a time in double precision, for tensors of fewer than 16 elements. Each pair of uniforms gives two
 * values; the second is kept in the closure for the next call, whichever tensor that call is for.
 *
 * @param nextUniform draws the next double-precision uniform
 */
export function createPairwiseNormal(nextUniform: () => number): () => number {
  let waiting: number | undefined;
  return () => {
    if (waiting !== undefined) {
      const value = waiting;
      waiting = undefined;
      return value;
    }
    const angle = 2 * Math.PI * nextUniform();
    const radius = sqrt(-2 * Math.log1p(-nextUniform()));
    waiting = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
}
