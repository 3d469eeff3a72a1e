import type { JsonConfig } from '../json-config.ts';
import type { TensorInfo, TensorTable } from '../weights/safetensors.ts';

/** One network of a model: how it is built, and where its weights lie under the names that its graph asks for. */
export interface Component {
  readonly config: JsonConfig;
  readonly tensors: TensorTable;
}

/** How a network is found in files: in a folder of its own in the layout of diffusers, and in those that name its tensors otherwise. */
export interface StoredForm {
  /** Of its weight files: `STEM.safetensors`. */
  readonly stem: string;
  /** A tensor that every network of the kind has, under the names of diffusers; a prefix may stand before it. */
  readonly mark: string;
  /** Its tensors under the names that its graph asks for. */
  current(tensors: TensorTable): TensorTable;
  /** Its configuration in the form that is read. */
  config?(config: JsonConfig, tensors: TensorTable): JsonConfig;
}

/** Tools that save a network inside of another class leave its prefix on every name: `model.`, `module.`, `_orig_mod.`, `unet.` … */
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
