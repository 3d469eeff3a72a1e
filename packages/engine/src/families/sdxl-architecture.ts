import type { TextEncoding } from '../components/clip/encoder.ts';
import { buildClipText, type ClipConfig, parseClipConfig } from '../components/clip/graph.ts';
import { clipForm, openClipTensors } from '../components/clip/names.ts';
import type { BoundGraph, LayersOf } from '../components/layers.ts';
import type { Component, StoredForm } from '../components/stored-form.ts';
import { parseUNetConfig, type UNetConfig } from '../components/unet/config.ts';
import { buildTextProjections, buildUNet, type TextShape, type UNetShape } from '../components/unet/graph.ts';
import { ldmUnetTensors, unetForm } from '../components/unet/names.ts';
import type { TextStates } from '../components/unet/unet.ts';
import { parseVaeConfig, type VaeConfig } from '../components/vae/config.ts';
import { buildVaeDecoder, buildVaeEncoder, type VaeShape } from '../components/vae/graph.ts';
import { ldmVaeTensors, vaeForm } from '../components/vae/names.ts';
import { EngineError } from '../errors.ts';
import type { PassKind } from '../runtime/passes.ts';
import type { TensorTable } from '../weights/safetensors.ts';

/** A network in the files of a model. */
export interface Part {
  readonly form: StoredForm;
  /** Where it is in a single file (the first prefix with tensors), and how those tensors get the names of its graph. */
  readonly inSingleFile: readonly (readonly [prefix: string, current: (tensors: TensorTable) => TensorTable])[];
}

/** The networks of the SDXL line (Podell et al. 2023), by folder name. */
export const sdxlParts = {
  text_encoder: { form: clipForm, inSingleFile: [['conditioner.embedders.0.transformer.', clipForm.current]] },
  text_encoder_2: {
    form: clipForm,
    inSingleFile: [
      ['conditioner.embedders.1.model.', openClipTensors],
      // under the names of transformers instead of open_clip's
      ['conditioner.embedders.1.transformer.', clipForm.current],
    ],
  },
  unet: { form: unetForm, inSingleFile: [['model.diffusion_model.', ldmUnetTensors]] },
  vae: { form: vaeForm, inSingleFile: [['first_stage_model.', ldmVaeTensors]] },
} as const satisfies Record<string, Part>;

export type SdxlPart = keyof typeof sdxlParts;

/** How an encoder gets its text. */
export interface EncoderPlace {
  readonly part: SdxlPart;
  /** The folder of its tokenizer. */
  readonly tokenizer: string;
  /** The request fields with its texts; an empty text is replaced by the first encoder's. */
  readonly prompt: 'prompt' | 'prompt2';
  readonly negativePrompt: 'negativePrompt' | 'negativePrompt2';
}

/** In the order in which their states are concatenated. */
export const sdxlEncoders: readonly EncoderPlace[] = [
  { part: 'text_encoder', tokenizer: 'tokenizer', prompt: 'prompt', negativePrompt: 'negativePrompt' },
  { part: 'text_encoder_2', tokenizer: 'tokenizer_2', prompt: 'prompt2', negativePrompt: 'negativePrompt2' },
];

export interface SdxlConfigs {
  /** In encoder order. */
  readonly clips: readonly ClipConfig[];
  readonly unet: UNetConfig;
  readonly vae: VaeConfig;
}

/** @throws EngineError `model_unsupported`, `model_config_invalid` */
export function parseSdxlConfigs(components: Readonly<Record<SdxlPart, Component>>): SdxlConfigs {
  const unet = parseUNetConfig(components.unet.config);
  const vae = parseVaeConfig(components.vae.config);
  requireLatentChannels(unet, vae, components.unet.config.file);
  return { clips: sdxlEncoders.map(({ part }) => parseClipConfig(components[part].config)), unet, vae };
}

/** UNets for inpainting take a mask and a picture besides the latents; those for editing, which are not supported, take a picture. */
function requireLatentChannels(unet: UNetConfig, vae: VaeConfig, file: string) {
  const { inChannels, outChannels } = unet;
  const { latentChannels } = vae;
  if (outChannels === latentChannels && (inChannels === latentChannels || isForInpainting(unet, vae))) return;
  const message = `${file}: the UNet takes ${inChannels} channels and gives ${outChannels}, the VAE has ${latentChannels}`;
  throw new EngineError('model_unsupported', message, {
    remedy: 'models for editing by instruction are not supported, use one for text to image or for inpainting',
    details: { file },
  });
}

/** Whether the UNet takes the latents, a mask, and the latents of the masked picture. */
export function isForInpainting({ inChannels }: UNetConfig, { latentChannels }: VaeConfig): boolean {
  return inChannels === 2 * latentChannels + 1;
}

/** A network that can be built: whose weights it uses, and what to cache of it. */
export interface NetworkPlan<Shape extends object> {
  readonly part: SdxlPart;
  readonly kind: PassKind;
  /** How many variants to keep ready. */
  readonly keep: number;
  /** Whether its values exceed half precision. */
  readonly needsFloat32?: boolean;
  /** The part of a shape that identifies a variant; absent: all of it. */
  readonly sizeOf?: (shape: Shape) => object;
  /** The same on a device, where each session has weights of its own. */
  readonly deviceSizeOf?: (shape: Shape) => object;
  readonly build: (shape: Shape, layersOf: LayersOf) => BoundGraph;
  /** The smallest shape, for checking only the weights. */
  readonly smallest: Shape;
}

export type EncoderShape = Readonly<Record<string, never>>;

/** Every network that a run may need. */
export function sdxlNetworks({ clips, unet, vae }: SdxlConfigs) {
  const pixels = { batch: 1, height: 8, width: 8 };
  const encoders = sdxlEncoders.map(
    ({ part }, index): NetworkPlan<EncoderShape> => ({
      part,
      kind: 'text_encoder',
      keep: 1,
      build: (_, of) => buildClipText(clips[index], of),
      smallest: {},
    }),
  );
  const denoiser: NetworkPlan<UNetShape> = {
    part: 'unet',
    kind: 'unet',
    keep: 2,
    // The halves of a split network stay together. The whole one beside them is another size: packed weights would be there twice.
    sizeOf: ({ form, ...size }) => ({ ...size, branch: form?.branch }),
    deviceSizeOf: ({ form: { half: _, ...form } = {}, ...size }) => ({ ...size, ...form }),
    build: (shape, of) => buildUNet(unet, shape, of),
    smallest: { ...pixels, tokens: clips[0].positions },
  };
  const projector: NetworkPlan<TextShape> = {
    part: 'unet',
    kind: 'text_projection',
    keep: 1,
    build: (shape, of) => buildTextProjections(unet, shape, of),
    smallest: { batch: 1, tokens: clips[0].positions },
  };
  // in half precision SDXL's VAE overflows, and the picture is black
  const vaePlan = { part: 'vae', keep: 4, needsFloat32: true, smallest: pixels } as const;
  const decoder: NetworkPlan<VaeShape> = {
    ...vaePlan,
    kind: 'vae_decode',
    build: (shape, of) => buildVaeDecoder(vae, shape, of),
  };
  const encoder: NetworkPlan<VaeShape> = {
    ...vaePlan,
    kind: 'vae_encode',
    build: (shape, of) => buildVaeEncoder(vae, shape, of),
  };
  return { encoders, projector, denoiser, decoder, encoder };
}

/** Visits every network. */
export function eachNetwork(
  configs: SdxlConfigs,
  visit: <Shape extends object>(plan: NetworkPlan<Shape>) => void,
): void {
  const { encoders, projector, denoiser, decoder, encoder } = sdxlNetworks(configs);
  for (const plan of encoders) visit(plan);
  visit(projector);
  visit(denoiser);
  visit(decoder);
  visit(encoder);
}

/** The UNet's text conditioning: the states of all encoders concatenated [77, C₁ + C₂], and the last one's pooled output. */
export function sdxlConditioning(encodings: readonly TextEncoding[], positions: number): TextStates {
  const widths = encodings.map(({ hidden }) => hidden.length / positions);
  const context = new Float32Array(positions * widths.reduce((sum, width) => sum + width, 0));
  let at = 0;
  for (let row = 0; row < positions; row++) {
    encodings.forEach(({ hidden }, index) => {
      context.set(hidden.subarray(row * widths[index], (row + 1) * widths[index]), at);
      at += widths[index];
    });
  }
  return { context, pooled: encodings.at(-1)?.pooled ?? new Float32Array() };
}
