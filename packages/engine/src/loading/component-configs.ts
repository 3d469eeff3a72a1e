import { EngineError } from '../errors.ts';
import { type ClipConfig, parseClipConfig } from '../graphs/clip-config.ts';
import { parseUNetConfig, type UNetConfig } from '../graphs/unet-config.ts';
import { parseVaeConfig, type VaeConfig } from '../graphs/vae-config.ts';
import type { Checkpoint } from '../weights/checkpoint.ts';

export interface ComponentConfigs {
  readonly clips: readonly [ClipConfig, ClipConfig];
  readonly unet: UNetConfig;
  readonly vae: VaeConfig;
}

/** @throws EngineError `model_unsupported`, `model_config_invalid` */
export function parseComponentConfigs({ components }: Checkpoint): ComponentConfigs {
  const unet = parseUNetConfig(components.unet.config);
  const vae = parseVaeConfig(components.vae.config);
  requireLatentChannels(unet, vae, components.unet.config.file);
  return {
    clips: [parseClipConfig(components.text_encoder.config), parseClipConfig(components.text_encoder_2.config)],
    unet,
    vae,
  };
}

/** UNets for inpainting take a mask and a picture besides the latents, those for editing a picture. */
function requireLatentChannels({ inChannels, outChannels }: UNetConfig, { latentChannels }: VaeConfig, file: string) {
  if (inChannels === latentChannels && outChannels === latentChannels) return;
  const message = `${file}: the UNet takes ${inChannels} channels and gives ${outChannels}, the VAE has ${latentChannels}; models for inpainting or editing are not supported, use one for text to image`;
  throw new EngineError('model_unsupported', message, { details: { file } });
}
