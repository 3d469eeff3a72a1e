/**
 * Dynamic thresholding (Saharia et al. 2022, "Photorealistic Text-to-Image Diffusion Models", §2.3): latents beyond the given
 * quantile s of their magnitudes are clamped to ±s, then all are divided by s. s is at least 1 and at most `sampleMaxValue`
 * (which wins when it is below 1).
 *
 * @param denoised latents of one sample [4·h·w], left as they are
 * @param options.ratio the quantile, 0 … 1
 */
export function threshold(
  denoised: Float32Array,
  { ratio, sampleMaxValue }: { readonly ratio: number; readonly sampleMaxValue: number },
): Float32Array {
  const limit = Math.min(Math.max(quantile(denoised.map(Math.abs).sort(), ratio), 1), sampleMaxValue);
  return denoised.map((value) => Math.min(Math.max(value, -limit), limit) / limit);
}

/** The quantile of rising values, interpolated linearly between the two nearest. */
function quantile(rising: Float32Array, ratio: number): number {
  const position = ratio * (rising.length - 1);
  const below = rising[Math.floor(position)];
  const above = rising[Math.ceil(position)];
  return below + (above - below) * (position - Math.floor(position));
}
