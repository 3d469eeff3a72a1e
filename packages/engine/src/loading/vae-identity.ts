import { stat } from 'node:fs/promises';
import type { VaeConfig } from '../graphs/vae-config.ts';
import type { TensorTable } from '../weights/safetensors.ts';

/** Changes whenever the VAE's weights or scaling do, without reading them: the files' paths, sizes and times. */
export async function vaeIdentity(config: VaeConfig, tensors: TensorTable): Promise<string> {
  const files = [...new Set([...tensors.values()].map(({ file }) => file))].sort();
  const facts = await Promise.all(
    files.map(async (file) => {
      const { size, mtimeMs } = await stat(file);
      return [file, size, mtimeMs];
    }),
  );
  return JSON.stringify([facts, config.latents, config.blockOutChannels]);
}
