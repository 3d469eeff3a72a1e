const LN_10000 = Math.fround(Math.log(10_000));

/**
 * The sinusoidal embedding of a scalar (Ho et al. 2020), cosines first: [cos(v·f₀)…, sin(v·f₀)…], f_i = 10000^(−i/half).
 * Rounded to float32 where the reference rounds: for sizes of a thousand pixels the angle's rounding shows.
 */
export function sinusoid(value: number, dimension: number): Float32Array {
  const half = dimension / 2;
  const embedding = new Float32Array(dimension);
  for (let i = 0; i < half; i++) {
    const exponent = Math.fround(Math.fround(-LN_10000 * i) / half);
    const angle = Math.fround(Math.fround(value) * Math.fround(Math.exp(exponent)));
    embedding[i] = Math.cos(angle);
    embedding[half + i] = Math.sin(angle);
  }
  return embedding;
}
