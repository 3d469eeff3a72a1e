/**
 * Classifier-free guidance (Ho & Salimans 2022) on the raw network output: F = F_u + g·(F_c − F_u), one sample.
 * With rescale φ the result is drawn to the conditional's spread (Lin et al. 2023, §3.4): F ← φ·F·std(F_c)/std(F) + (1 − φ)·F.
 */
export function guide(
  unconditional: Float32Array,
  conditional: Float32Array,
  scale: number,
  rescale = 0,
): Float32Array {
  const guided = new Float32Array(conditional.length);
  for (let i = 0; i < guided.length; i++) {
    const base = unconditional[i];
    guided[i] = base + Math.fround(scale * Math.fround(conditional[i] - base));
  }
  if (rescale === 0) return guided;
  const factor = rescale * (standardDeviation(conditional) / standardDeviation(guided)) + (1 - rescale);
  return guided.map((value) => value * factor);
}

/** With the n − 1 denominator, as the reference has it. */
function standardDeviation(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  const mean = sum / values.length;
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  return Math.sqrt(squares / (values.length - 1));
}
