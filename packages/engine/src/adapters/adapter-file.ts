import { basename } from 'node:path';
import { EngineError } from '../errors.ts';
import { readSafetensorsFile, type SafetensorsFile, type TensorInfo } from '../weights/safetensors.ts';

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
  const name = basename(path);
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
