import type { JsonConfig } from '../json-config.ts';
import type { TensorInfo, TensorTable } from '../weights/safetensors.ts';

/** One network of a model: how it is built, and where its weights are, under the names that its graph uses. */
export interface Component {
  readonly config: JsonConfig;
  readonly tensors: TensorTable;
}

/** How a network is found in files: in a folder of its own in the diffusers layout, or in files that use other tensor names. */
export interface StoredForm {
  /** The stem of its weight files: `STEM.safetensors`. */
  readonly stem: string;
  /** A tensor that every network of this kind has, by its diffusers name; it may have a prefix. */
  readonly mark: string;
  /** Its tensors under the names that its graph uses. */
  current(tensors: TensorTable): TensorTable;
  /** Its configuration in the form that is parsed. */
  config?(config: JsonConfig, tensors: TensorTable): JsonConfig;
}

/** Tools that save a network wrapped in another class leave the wrapper's prefix on every name: `model.`, `module.`, `_orig_mod.`, `unet.` … */
export function stripPrefix(tensors: TensorTable, mark: string): TensorTable {
  if (tensors.has(mark)) return tensors;
  const marked = [...tensors.keys()].find((name) => name.endsWith(`.${mark}`));
  const prefix = marked?.slice(0, -mark.length).replace(/text_model\.$/, '') ?? '';
  if (prefix === '') return tensors;
  return renameTensors(tensors, (name) => (name.startsWith(prefix) ? name.slice(prefix.length) : name));
}

export function renameTensors(tensors: TensorTable, rename: (name: string) => string): Map<string, TensorInfo> {
  return new Map([...tensors].map(([name, tensor]) => [rename(name), tensor]));
}
