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
  return {
    clips: [parseClipConfig(components.text_encoder.config), parseClipConfig(components.text_encoder_2.config)],
    unet: parseUNetConfig(components.unet.config),
    vae: parseVaeConfig(components.vae.config),
  };
}
