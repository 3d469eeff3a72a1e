import type { TensorTable } from '../weights/safetensors.ts';

/** A model that this engine does not support. */
export interface OtherModel {
  /** As in "it is …". */
  readonly what: string;
  readonly help: string;
}

const FAMILY =
  'this engine runs models of the SDXL line: Playground v2.5 and v2, SDXL, SSD-1B, Segmind-Vega, and what was distilled from them';
const WHOLE = 'give the whole model: a diffusers folder, or a single file with UNet, VAE and both text encoders';

const UNET = 'model.diffusion_model.';

/** What tensors reveal about the file they are in; the first match wins. Names are those of the training code, diffusers and ComfyUI. */
const marks: readonly (readonly [test: RegExp, what: string, help: string])[] = [
  [/^edm_vpred\.sigma_m/, 'CosXL, whose network predicts v in the noise of EDM', FAMILY],
  [
    /^(v_pred|ztsnr)$/,
    'a v-prediction checkpoint',
    'a single file of this kind is not supported; give its diffusers folder, whose scheduler_config.json says prediction_type v_prediction',
  ],
  [
    /(^|[._])(lora_|lora\.|hada_w|lokr_|oft_|dora_scale|ia3)/,
    'a LoRA or another adapter, not a model of its own',
    'give the whole model; a LoRA is used with a model: `--lora FILE`',
  ],
  [/^(control_model\.|controlnet_|input_hint_block)/, 'a ControlNet', `it is not a model of its own; ${FAMILY}`],
  [/(^|\.)(double_blocks|single_transformer_blocks)\./, 'a model of the Flux family', FAMILY],
  [/(^|\.)joint_(transformer_)?blocks\./, 'Stable Diffusion 3', FAMILY],
  [
    /(^|\.)(adaln_single|double_layers|noise_refiner)\./,
    'a diffusion transformer (PixArt, AuraFlow, Lumina or alike)',
    FAMILY,
  ],
  [/^cond_stage_model\.transformer\./, 'Stable Diffusion 1.x', FAMILY],
  [/^cond_stage_model\.model\./, 'Stable Diffusion 2.x', FAMILY],
  [/^conditioner\.embedders\.0\.model\./, 'the SDXL refiner', `it needs another text encoding; ${FAMILY}`],
  [/^(clip_l|clip_g|emb_params|string_to_param)/, 'a textual inversion (embedding), not a model', WHOLE],
];

/** What a file with a single network looks like. */
const parts: readonly (readonly [test: RegExp, what: string])[] = [
  [/^(module\.|_orig_mod\.)?(input_blocks\.0\.0\.|down_blocks\.0\.resnets)/, 'only the UNet of a model'],
  [/^(vae\.|first_stage_model\.)?decoder\.conv_in\./, 'only the VAE of a model'],
  [/text_model\.embeddings\.|^transformer\.resblocks\.|^encoder\.block\.0\./, 'only a text encoder'],
  [/^model\.layers\.0\./, 'a language model, not one that draws'],
];

/** Undefined: a checkpoint of SDXL's kind, complete or not; anything missing is reported when its tensors are looked up. */
export function whatTensorsAre(tensors: TensorTable): OtherModel | undefined {
  const names = [...tensors.keys()];
  const found = marks.find(([test]) => names.some((name) => test.test(name)));
  if (found) return { what: found[1], help: found[2] };
  const has = (prefix: string) => names.some((name) => name.startsWith(prefix));
  if (has(UNET)) {
    if (has('conditioner.') || has('first_stage_model.')) return undefined;
    return { what: 'only the UNet of a model', help: WHOLE };
  }
  const part = parts.find(([test]) => names.some((name) => test.test(name)));
  if (part) return { what: part[1], help: WHOLE };
  const some = names.slice(0, 3).join(', ');
  const what =
    names.length === 0
      ? 'a safetensors file without tensors'
      : `not a checkpoint that is known (its tensors: ${some} …)`;
  return { what, help: `${WHOLE}; ${FAMILY}` };
}

/** Pipelines of diffusers by class, as named in model_index.json. */
const pipelines: readonly (readonly [test: RegExp, family: string])[] = [
  [/^StableDiffusion3/, 'Stable Diffusion 3'],
  [/^Flux/, 'a model of the Flux family'],
  [/^StableDiffusionXLControlNet|ControlNet/, 'a pipeline with a ControlNet'],
  [/^StableDiffusionXLInstructPix2Pix/, 'an SDXL model that edits pictures'],
  [/^StableDiffusionXL/, 'another SDXL pipeline'],
  [/^StableDiffusion|^AltDiffusion/, 'Stable Diffusion 1.x or 2.x'],
  [/^LatentConsistencyModel/, 'a latent consistency model'],
  [/^PixArt/, 'PixArt'],
  [
    /^(Kandinsky|HunyuanDiT|AuraFlow|Sana|Lumina|Kolors|QwenImage|CogView|Chroma|Wuerstchen|StableCascade|Wan|ZImage)/,
    '',
  ],
];

/** The family of a diffusers pipeline, human-readable. */
export function pipelineFamily(className: string): OtherModel {
  const family = pipelines.find(([test]) => test.test(className))?.[1] ?? '';
  const what = family === '' ? `a ${className}` : `${family} (${className})`;
  return { what, help: FAMILY };
}
