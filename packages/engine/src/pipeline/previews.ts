import type { DecodedPicture } from '../image/picture.ts';
import { createGenerator } from '../random/torch-generator.ts';
import { cachedPreviewMap, fitPreviewMap, type PreviewMap, renderPreview } from './preview-map.ts';
import type { RunHooks } from './run-hooks.ts';
import type { Planes } from './tiling.ts';
import type { Vae } from './vae.ts';

/** Latents to small pictures without the VAE: one affine map of colours per VAE, fitted once and kept. */
export class Previews {
  readonly #vae: Vae;
  readonly #identity: string;
  readonly #cacheDir: string;
  #map: Promise<PreviewMap> | undefined;

  /** @param identity of the VAE's weights and scaling: another one must not get this one's map */
  constructor(vae: Vae, identity: string, cacheDir: string) {
    this.#vae = vae;
    this.#identity = identity;
    this.#cacheDir = cacheDir;
  }

  /** @param sigmaData the spread of clean latents */
  async prepare(
    sigmaData: number,
    hooks: RunHooks,
    beforePass: () => Promise<void>,
  ): Promise<(latents: Planes) => DecodedPicture> {
    this.#map ??= this.#load(sigmaData, hooks, beforePass);
    const map = await this.#map.catch((thrown: unknown) => {
      this.#map = undefined; // a cancelled fit must not be the answer to the next request
      throw thrown;
    });
    return (latents) => renderPreview(latents, map);
  }

  #load(sigmaData: number, hooks: RunHooks, beforePass: () => Promise<void>): Promise<PreviewMap> {
    const { randn } = createGenerator(0);
    const decode = (latents: Planes) => this.#vae.decode(latents, { tiled: false, hooks, beforePass });
    const fit = () => fitPreviewMap(this.#vae.config.latentChannels, sigmaData, randn, decode);
    return cachedPreviewMap(this.#cacheDir, this.#identity, fit);
  }
}
