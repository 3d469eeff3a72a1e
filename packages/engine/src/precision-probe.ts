import type { PrecisionSpeeds } from './model.ts';

/**
 * Measures how fast this machine multiplies matrices in each precision, on one thread: a second of work.
 *
 * @example
 * const { exact, int8 } = await measurePrecisions();
 * console.log(`int8 is ${(int8 / exact).toFixed(1)} times as fast here`);
 */
export async function measurePrecisions(): Promise<PrecisionSpeeds> {
  const { measureProducts } = await import('./components/measure-products.ts');
  return measureProducts();
}
