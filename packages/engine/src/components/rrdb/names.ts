import type { TensorInfo, TensorTable } from '../../weights/safetensors.ts';
import type { RrdbConfig } from './graph.ts';

/** What a training program wraps around the names. */
const WRAPPING = /^(?:module\.|params_ema\.|params\.|state_dict\.|netG\.)+/;

/** The original layout: a flat Sequential, whose blocks are `model.1.sub.N.RDB1.conv1.0`. */
const ORIGINAL_BLOCK = /^model\.1\.sub\.(\d+)\.RDB([123])\.conv([1-5])\.0\.(weight|bias)$/;
const ORIGINAL_BODY = /^model\.1\.sub\.(\d+)\.(weight|bias)$/;
const ORIGINAL_LAYER = /^model\.(\d+)\.(weight|bias)$/;
const OTHER_LAYOUT =
  /^(?:conv_first|conv_body|conv_up\d|conv_hr|conv_last|body\.\d+\.rdb[123]\.conv[1-5])\.(?:weight|bias)$/;
/** An older name of some layers in files that are else of the newer layout. */
const OLDER_NAMES: Readonly<Record<string, string>> = {
  trunk_conv: 'conv_body',
  upconv1: 'conv_up1',
  upconv2: 'conv_up2',
  HRconv: 'conv_hr',
};

/**
 * The tensors of an RRDBNet under BasicSR's names (`conv_first`, `body.0.rdb1.conv1`, …), from that layout, or from that of ESRGAN's first
 * release or its original code. Undefined: the file has another network.
 */
export function rrdbTensors(tensors: TensorTable): TensorTable | undefined {
  const plain = new Map([...tensors].map(([name, tensor]) => [name.replace(WRAPPING, ''), tensor]));
  const found = plain.has('model.0.weight') ? fromOriginal(plain) : fromNewer(plain);
  return found.has('conv_first.weight') && found.has('conv_last.weight') && found.has('body.0.rdb1.conv1.weight')
    ? found
    : undefined;
}

function fromNewer(tensors: TensorTable): TensorTable {
  const renamed = [...tensors].map(([name, tensor]) => {
    const [, layer = '', rest = ''] = /^([^.]+)\.(weight|bias)$/.exec(name) ?? [];
    const older = /^RRDB_trunk\.(\d+)\.RDB([123])\.(conv[1-5]\.(?:weight|bias))$/.exec(name);
    if (older) return [`body.${older[1]}.rdb${older[2]}.${older[3]}`, tensor] as const;
    return [OLDER_NAMES[layer] === undefined ? name : `${OLDER_NAMES[layer]}.${rest}`, tensor] as const;
  });
  return new Map(renamed.filter(([name]) => OTHER_LAYOUT.test(name)));
}

/** Its layers count activations and scalings too: those with weights are, in order, the doublings' and the last two. */
function fromOriginal(tensors: TensorTable): TensorTable {
  const found = new Map<string, TensorInfo>();
  const layers = [
    ...new Set([...tensors.keys()].flatMap((name) => ORIGINAL_LAYER.exec(name)?.[1] ?? []).map(Number)),
  ].sort((a, b) => a - b);
  const after = layers.filter((layer) => layer > 1);
  const names = new Map(after.map((layer, index) => [layer, nameOf(index, after.length)]));
  for (const [name, tensor] of tensors) {
    const [, block, dense, conv, kind] = ORIGINAL_BLOCK.exec(name) ?? [];
    if (block !== undefined) found.set(`body.${block}.rdb${dense}.conv${conv}.${kind}`, tensor);
    const [, , ofBody] = ORIGINAL_BODY.exec(name) ?? [];
    if (ofBody !== undefined) found.set(`conv_body.${ofBody}`, tensor);
    const [, layer, ofLayer] = ORIGINAL_LAYER.exec(name) ?? [];
    if (layer !== undefined) found.set(`${layer === '0' ? 'conv_first' : names.get(Number(layer))}.${ofLayer}`, tensor);
  }
  return found;
}

function nameOf(index: number, count: number): string {
  if (index === count - 1) return 'conv_last';
  return index === count - 2 ? 'conv_hr' : `conv_up${index + 1}`;
}

/** Read off the shapes. */
export function rrdbConfig(tensors: TensorTable): RrdbConfig {
  const shape = (name: string) => tensors.get(name)?.shape ?? [];
  const [width = 0, inChannels = 0] = shape('conv_first.weight');
  const [growth = 0] = shape('body.0.rdb1.conv1.weight');
  const count = (form: RegExp) => new Set([...tensors.keys()].flatMap((name) => form.exec(name)?.[1] ?? [])).size;
  return { width, inChannels, growth, blocks: count(/^body\.(\d+)\./), doublings: count(/^conv_up(\d+)\./) };
}
