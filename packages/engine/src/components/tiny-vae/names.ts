import type { TensorInfo, TensorTable } from '../../weights/safetensors.ts';

/** The name of a decoder's tensor after any prefix: the layer's number, then the name within the layer; first those of blocks. */
const LAYERS = [/^(?:(.*)\.)?(\d+)\.(conv\.[024]\.(?:weight|bias))$/, /^(?:(.*)\.)?(\d+)\.(weight|bias)$/];

/**
 * The tensors of a tiny decoder under the names of diffusers' `AutoencoderTiny` (`decoder.layers.N.…`), from that layout or from the
 * original one, whose layers are under `decoder.`, another prefix, or none, and are numbered with the clamping as the first. Tensors
 * of an encoder in the same file are left out; empty when there is no decoder.
 */
export function tinyDecoderTensors(tensors: TensorTable): TensorTable {
  const found = new Map<string, TensorInfo>();
  for (const [name, tensor] of tensors) {
    const [, prefix = '', layer = '', rest = ''] = LAYERS.map((form) => form.exec(name)).find((match) => match) ?? [];
    if (layer === '' || /(^|[._])encoder($|[._])/.test(prefix)) continue;
    const index = Number(layer) - (prefix.endsWith('layers') ? 0 : 1);
    found.set(`decoder.layers.${index}.${rest}`, tensor);
  }
  return found;
}
