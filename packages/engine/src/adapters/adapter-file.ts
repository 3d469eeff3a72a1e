import { basename } from 'node:path';
import { EngineError } from '../errors.ts';
import { hubPlace } from '../folders.ts';
import { isJsonObject } from '../model-files.ts';
import {
  readSafetensorsFile,
  type SafetensorsFile,
  type TensorInfo,
  type TensorTable,
} from '../weights/safetensors.ts';

/** What the tensors of one layer are to an adapter; `magnitude`: DoRA's. */
export type AdapterRole = 'down' | 'mid' | 'up' | 'alpha' | 'magnitude';

/** A LoRA as it is stored. */
export interface AdapterFile extends Pick<SafetensorsFile, 'file' | 'dataStart' | 'size' | 'metadata'> {
  /** For messages. */
  readonly name: string;
  /** The tensors of each layer, by the name that the file gives it, prefix and all. */
  readonly layers: ReadonlyMap<string, ReadonlyMap<AdapterRole, TensorInfo>>;
  /** The names of tensors that are of no known form. */
  readonly unknown: readonly string[];
}

/**
 * The ends of the tensor names of a LoRA. Kohya's, those of PEFT (with the name of an adapter where PEFT itself saved them), and those of
 * diffusers before it used PEFT.
 */
const roles: readonly (readonly [ending: RegExp, role: AdapterRole])[] = [
  [/\.(lora_down|lora_A(\.[^.]+)?|lora\.down|lora_linear_layer\.down)\.weight$|_lora\.down\.weight$/, 'down'],
  [/\.(lora_up|lora_B(\.[^.]+)?|lora\.up|lora_linear_layer\.up)\.weight$|_lora\.up\.weight$/, 'up'],
  [/\.lora_mid\.weight$/, 'mid'],
  [/\.alpha$/, 'alpha'],
  [/\.(dora_scale|lora_magnitude_vector(\.[^.]+)?(\.weight)?)$/, 'magnitude'],
];

/** What other adapters are called, by the names of their tensors. */
const otherForms: readonly (readonly [test: RegExp, form: string])[] = [
  [/\.hada_[wt]\d/, 'LoHa'],
  [/\.lokr_[wt]\d/, 'LoKr'],
  [/[._]b?oft_(blocks|diag|R|s)\b/, 'OFT'],
  [/\.on_input$|(^|[._])ia3(_|\.|$)/, '(IA)³'],
  [/\.[ab][12]\.weight$/, 'GLoRA'],
  [/\.(diff|diff_b|set_weight)$/, 'full differences of the weights'],
  [/\.[wb]_norm$/, 'changed norms'],
  [/\.(lora_B(\.[^.]+)?|lora_up)\.bias$/, 'LoRA with biases'],
  [/\.lora_embedding_[AB]/, 'LoRA of an embedding'],
  [/\.vera_lambda_/, 'VeRA'],
  [/^(control_model\.|controlnet_|input_hint_block|lllite_)/, 'ControlNet'],
  [/^(clip_[lg]|emb_params|string_to_param)/, 'textual inversion'],
  [/(^|\.)(to_[kv]_ip|ip_adapter|image_proj)\b/, 'IP-Adapter'],
];

/**
 * Reads what a file adds to which layers. Only its header is read.
 *
 * @throws EngineError `model_file_missing`, `weights_corrupt`; `model_unsupported` for another kind of file or adapter
 */
export async function readAdapterFile(path: string): Promise<AdapterFile> {
  const { file, dataStart, size, metadata, tensors } = await readSafetensorsFile(path);
  const name = nameOf(path);
  const layers = new Map<string, Map<AdapterRole, TensorInfo>>();
  const forms = new Set<string>();
  const unknown: string[] = [];
  for (const [key, tensor] of tensors) {
    const form = otherForms.find(([test]) => test.test(key))?.[1];
    const [ending, role] = roles.find(([test]) => test.test(key)) ?? [];
    if (form !== undefined) forms.add(form);
    else if (ending === undefined || role === undefined) unknown.push(key);
    else addTensor(layers, key.replace(ending, ''), role, tensor, name);
  }
  if (forms.size > 0) throw otherForm(name, path, [...forms]);
  if (layers.size === 0) throw noAdapter(name, path, unknown);
  return { file, dataStart, size, metadata, name, layers, unknown };
}

/** For messages. */
function nameOf(path: string): string {
  const place = hubPlace(path);
  return place !== undefined && place.file === undefined ? place.repo : basename(path);
}

function addTensor(
  layers: Map<string, Map<AdapterRole, TensorInfo>>,
  layer: string,
  role: AdapterRole,
  tensor: TensorInfo,
  name: string,
): void {
  const known = layers.get(layer) ?? new Map<AdapterRole, TensorInfo>();
  if (known.has(role)) {
    const message = `${name} changes ${layer} twice: it has more than one adapter`;
    throw new EngineError('model_unsupported', message, {
      remedy: 'save each adapter as a file of its own',
      details: { file: tensor.file },
    });
  }
  layers.set(layer, known.set(role, tensor));
}

function otherForm(name: string, file: string, forms: readonly string[]): EngineError {
  return new EngineError('model_unsupported', `${name} is not a plain LoRA: it has ${forms.join(', ')}`, {
    remedy: 'LoRA and LoCon files are supported; use one of these, or a model that this was merged into',
    details: { file, param: 'loras' },
  });
}

function noAdapter(name: string, file: string, keys: readonly string[]): EngineError {
  const some = keys.length === 0 ? 'it has no tensors' : `its tensors: ${keys.slice(0, 3).join(', ')} …`;
  return new EngineError('model_unsupported', `${name} is not a LoRA (${some})`, {
    remedy: 'give a LoRA in the safetensors format, as kohya’s scripts, diffusers or PEFT save it',
    details: { file, param: 'loras' },
  });
}

/** The kinds of noise that a model can be trained with: Playground v2.5's, and that of SDXL and the rest of its line. */
export type TrainedNoise = 'edm' | 'discrete';

/** What a file says of the model that it was trained on. */
interface Mark {
  /** Human-readable. */
  readonly what: string;
  readonly line: 'playground-v2.5' | 'sdxl' | 'other';
  /** Where it says so. */
  readonly where: string;
}

/** `modelspec.architecture` (Stability's ModelSpec) and `ss_base_model_version` (kohya's scripts). */
const architectures: readonly (readonly [test: RegExp, what: string, line: Mark['line']])[] = [
  [/refiner/, 'the SDXL refiner', 'other'],
  [/^stable-diffusion-xl|^sdxl/, 'SDXL', 'sdxl'],
  [/^stable-diffusion-v?1|^sd_?(v1|1)/, 'Stable Diffusion 1.x', 'other'],
  [/^stable-diffusion-v?2|^sd_?(v2|2)/, 'Stable Diffusion 2.x', 'other'],
  [/^stable-diffusion-(v?3|x)|^sd3/, 'Stable Diffusion 3', 'other'],
  [/^flux/, 'Flux', 'other'],
];

const PLAYGROUND = /playground[-_ ]?v?2[-_. ]5/i;

/**
 * Refuses an adapter of another line of models, whose shapes may well fit: one trained on SDXL makes noise of Playground v2.5's pictures, and
 * the other way round. Adapters of Playground v2.5 itself come from scripts that say nothing of the model, so those are used, with a notice.
 *
 * @param isForced whether the user wants it in spite of what the file says about the two lines that share shapes
 * @returns what the user should know
 * @throws EngineError `model_unsupported`
 */
export function checkTrainedOn(adapter: AdapterFile, noise: TrainedNoise, isForced: boolean): string | undefined {
  const { name, metadata } = adapter;
  const mark = markOf(metadata);
  if (mark === undefined) {
    if (noise === 'discrete') return undefined;
    return `${name} does not say which model it was trained on: if that was SDXL, it does no good to Playground v2.5`;
  }
  const own = noise === 'edm' ? 'playground-v2.5' : 'sdxl';
  if (mark.line === own) return undefined;
  const said = `${name} was trained on ${mark.what} (${mark.where})`;
  if (mark.line === 'other') throw refusal(adapter, `${said}, not on this kind of model`, USE_ANOTHER);
  const model = noise === 'edm' ? 'Playground v2.5, which is sampled in another way' : 'a model of the SDXL line';
  if (isForced) return `${said}, and is used with ${model}, as asked for`;
  throw refusal(adapter, `${said}; this is ${model}`, `${USE_ANOTHER}; to try it in spite of this, see docs/loras.md`);
}

const USE_ANOTHER = 'use an adapter that was trained for this model';

function refusal({ file }: AdapterFile, message: string, remedy: string): EngineError {
  return new EngineError('model_unsupported', message, { remedy, details: { file, param: 'loras' } });
}

function markOf(metadata: AdapterFile['metadata']): Mark | undefined {
  for (const where of ['ss_sd_model_name', 'ss_base_model_name', 'base_model', 'lora_adapter_metadata']) {
    if (PLAYGROUND.test(metadata[where] ?? '')) return { what: 'Playground v2.5', line: 'playground-v2.5', where };
  }
  for (const where of ['modelspec.architecture', 'ss_base_model_version']) {
    const value = metadata[where];
    if (value === undefined || value === '') continue;
    if (PLAYGROUND.test(value)) return { what: 'Playground v2.5', line: 'playground-v2.5', where };
    const known = architectures.find(([test]) => test.test(value.toLowerCase()));
    return { what: known?.[1] ?? value.slice(0, 60), line: known?.[2] ?? 'other', where };
  }
  return undefined;
}

/** How PEFT scales a network's adapter where its layers do not say. */
export interface PeftConfig {
  readonly alpha: number | undefined;
  /** By layer, or the end of its name. */
  readonly alphas: ReadonlyMap<string, number>;
  /** Scaled by the root of the rank (Kalajdzievski 2023, arXiv:2312.03732). */
  readonly isRankStabilised: boolean;
}

/** diffusers ≥ 0.34 saves PEFT's configuration of each network in the file's metadata. */
export function peftConfig({ metadata }: Pick<AdapterFile, 'metadata'>, part: string): PeftConfig {
  const all = objectOf(metadata.lora_adapter_metadata);
  const alpha = all[`${part}.lora_alpha`];
  const pattern = all[`${part}.alpha_pattern`];
  const entries = Object.entries(isJsonObject(pattern) ? pattern : {});
  return {
    alpha: typeof alpha === 'number' ? alpha : undefined,
    alphas: new Map(entries.flatMap(([layer, value]) => (typeof value === 'number' ? [[layer, value]] : []))),
    isRankStabilised: all[`${part}.use_rslora`] === true,
  };
}

function objectOf(text: string | undefined): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text ?? '{}');
    return isJsonObject(value) ? value : {};
  } catch {
    return {};
  }
}

/** The networks that adapters change, as the model's folders name them. */
export const adaptedParts = ['unet', 'text_encoder', 'text_encoder_2'] as const;

export type AdaptedPart = (typeof adaptedParts)[number];

/** A layer of the model: a linear layer or a convolution. */
export interface ModelLayer {
  readonly part: AdaptedPart;
  /** As its graph names it. */
  readonly name: string;
  /** Of its weight: [out, in] or [out, in, k, k]. */
  readonly shape: readonly number[];
}

/** Where files say which network a layer is of; the longest first where one is the beginning of another. */
const prefixes: readonly (readonly [prefix: string, part: AdaptedPart])[] = [
  ['lora_unet_', 'unet'],
  ['lora_te1_', 'text_encoder'],
  ['lora_te2_', 'text_encoder_2'],
  ['lora_te_', 'text_encoder'],
  ['lycoris_', 'unet'],
  ['unet.', 'unet'],
  ['text_encoder_2.', 'text_encoder_2'],
  ['text_encoder.', 'text_encoder'],
  ['text_encoders.clip_l.transformer.', 'text_encoder'],
  ['text_encoders.clip_g.transformer.', 'text_encoder_2'],
  ['model.diffusion_model.', 'unet'],
  ['diffusion_model.', 'unet'],
];

/** PEFT's own class around a network. */
const WRAPPER = 'base_model.model.';

/** Finds the layers of a model by the names that files of adapters have for them. */
export class LayerNames {
  readonly #layers = new Map<string, ModelLayer>();
  /** The same by the names of the original training code ("SGM"), which only the UNet has. */
  readonly #original = new Map<string, ModelLayer>();

  /** @param networks with their tensors under the names of its graph */
  constructor(networks: Readonly<Record<AdaptedPart, { readonly tensors: TensorTable }>>) {
    const unet = networks.unet.tensors;
    const perBlock = layersPerBlock(unet);
    for (const part of adaptedParts) {
      for (const [key, tensor] of networks[part].tensors) {
        const layer = layerOf(part, key, tensor);
        if (!layer) continue;
        for (const alias of aliases(layer)) this.#layers.set(keyOf(part, alias), layer);
        const original = part === 'unet' ? originalName(layer.name, perBlock, unet) : undefined;
        if (original !== undefined) this.#original.set(keyOf(part, original), layer);
      }
    }
  }

  /** @param given as in a file, with its prefix, in dots or in kohya's underscores */
  find(given: string): { readonly layer: ModelLayer; readonly isOriginalName: boolean } | undefined {
    const bare = given.startsWith(WRAPPER) ? given.slice(WRAPPER.length) : given;
    const [prefix = '', part = 'unet'] = prefixes.find(([start]) => bare.startsWith(start)) ?? [];
    const path = bare.slice(prefix.length);
    const key = keyOf(part, path.startsWith(WRAPPER) ? path.slice(WRAPPER.length) : path);
    const layer = this.#layers.get(key);
    if (layer) return { layer, isOriginalName: false };
    const original = this.#original.get(key);
    return original && { layer: original, isOriginalName: true };
  }
}

/** Kohya's files have underscores where names have dots, so both are compared without the difference. */
function keyOf(part: AdaptedPart, path: string): string {
  return `${part}/${path.replaceAll('.', '_')}`;
}

function layerOf(part: AdaptedPart, key: string, { shape }: TensorInfo): ModelLayer | undefined {
  const isMatrix = shape.length === 2 || shape.length === 4;
  if (!key.endsWith('.weight') || !isMatrix || key.includes('.embeddings.')) return undefined;
  return { part, name: key.slice(0, -'.weight'.length), shape };
}

/** Names of diffusers and transformers, now and in the past. */
function aliases({ part, name }: ModelLayer): string[] {
  if (part === 'unet') {
    const names = name.endsWith('.to_out.0') ? [name, name.slice(0, -'.0'.length)] : [name];
    return names.flatMap((own) => [own, own.replace(/(\.attn[12])\./, '$1.processor.')]);
  }
  const old = name.replace(/self_attn\.([qkv])_proj$/, 'self_attn.to_$1').replace(/out_proj$/, 'to_out');
  return [name, old].flatMap((own) => [own, own.replace(/^text_model\./, '')]);
}

const OF_RESIDUAL: Readonly<Record<string, string>> = {
  conv1: 'in_layers.2',
  time_emb_proj: 'emb_layers.1',
  conv2: 'out_layers.3',
  conv_shortcut: 'skip_connection',
};

const OF_NO_BLOCK: Readonly<Record<string, string>> = {
  conv_in: 'input_blocks.0.0',
  'time_embedding.linear_1': 'time_embed.0',
  'time_embedding.linear_2': 'time_embed.2',
  'add_embedding.linear_1': 'label_emb.0.0',
  'add_embedding.linear_2': 'label_emb.0.2',
  conv_out: 'out.2',
};

function layersPerBlock(unet: TensorTable): number {
  let count = 0;
  while (unet.has(`down_blocks.0.resnets.${count}.conv1.weight`)) count++;
  return count;
}

/**
 * A layer's name in the original training code: there the layers of all levels are counted in one row, each level's downsampler after them, and
 * an upsampler is the last part of its level's last block.
 */
function originalName(name: string, perBlock: number, unet: TensorTable): string | undefined {
  const top = OF_NO_BLOCK[name];
  if (top !== undefined) return top;
  const middle = /^mid_block\.(resnets|attentions)\.(\d+)\.(.+)$/.exec(name);
  if (middle) {
    const [, kind, index = '', rest = ''] = middle;
    return kind === 'resnets' ? `middle_block.${2 * Number(index)}.${residual(rest)}` : `middle_block.1.${rest}`;
  }
  const match = /^(down|up)_blocks\.(\d+)\.(resnets|attentions|downsamplers|upsamplers)\.(\d+)\.(.+)$/.exec(name);
  if (!match) return undefined;
  const [, way, block = '', kind, index = '', rest = ''] = match;
  const place = Number(block) * (perBlock + 1) + Number(index);
  const start = way === 'down' ? `input_blocks.${place + 1}` : `output_blocks.${place}`;
  if (kind === 'resnets') return `${start}.0.${residual(rest)}`;
  if (kind === 'attentions') return `${start}.1.${rest}`;
  if (kind === 'downsamplers') return `input_blocks.${(Number(block) + 1) * (perBlock + 1)}.0.op`;
  const hasAttention = unet.has(`up_blocks.${block}.attentions.0.proj_in.weight`);
  return `output_blocks.${Number(block) * (perBlock + 1) + perBlock}.${hasAttention ? 2 : 1}.conv`;
}

function residual(rest: string): string {
  return OF_RESIDUAL[rest] ?? rest;
}
