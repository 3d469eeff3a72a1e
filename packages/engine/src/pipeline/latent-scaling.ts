import type { LatentScaling } from '../graphs/vae-config.ts';

/** Latents as the UNet has them [4, h, w] → as the VAE decodes them: x · std / factor + mean per channel. */
export function denormalizeLatents(latents: Float32Array, scaling: LatentScaling): Float32Array {
  return perChannel(
    latents,
    scaling,
    (value, mean, std) => Math.fround(Math.fround(value * std) / scaling.factor) + mean,
  );
}

/** The VAE's latents → the UNet's: (z − mean) · factor / std per channel. */
export function normalizeLatents(latents: Float32Array, scaling: LatentScaling): Float32Array {
  return perChannel(
    latents,
    scaling,
    (value, mean, std) => Math.fround(Math.fround(value - mean) * scaling.factor) / std,
  );
}

function perChannel(
  latents: Float32Array,
  { mean, std }: LatentScaling,
  map: (value: number, mean: number, std: number) => number,
): Float32Array {
  const pixels = latents.length / mean.length;
  return latents.map((value, index) => {
    const channel = Math.floor(index / pixels);
    return map(value, Math.fround(mean[channel] ?? 0), Math.fround(std[channel] ?? 1));
  });
}
