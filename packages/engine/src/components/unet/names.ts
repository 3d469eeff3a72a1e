import type { TensorTable } from '../../weights/safetensors.ts';
import { renameTensors, type StoredForm, stripPrefix } from '../stored-form.ts';

export const unetForm: StoredForm = {
  stem: 'diffusion_pytorch_model',
  mark: 'conv_in.weight',
  current: (tensors) => stripPrefix(tensors, unetForm.mark),
};

/** The tensors of a UNet with the names of the original training code ("ldm"). */
export function ldmUnetTensors(tensors: TensorTable): TensorTable {
  return renameTensors(tensors, unetName(tensors.keys()));
}

const RESIDUAL: readonly (readonly [string, string])[] = [
  ['in_layers.0.', 'norm1.'],
  ['in_layers.2.', 'conv1.'],
  ['emb_layers.1.', 'time_emb_proj.'],
  ['out_layers.0.', 'norm2.'],
  ['out_layers.3.', 'conv2.'],
  ['skip_connection.', 'conv_shortcut.'],
];

const TOP: readonly (readonly [string, string])[] = [
  ['input_blocks.0.0.', 'conv_in.'],
  ['time_embed.0.', 'time_embedding.linear_1.'],
  ['time_embed.2.', 'time_embedding.linear_2.'],
  ['time_embed.cond_proj.', 'time_embedding.cond_proj.'],
  ['label_emb.0.0.', 'add_embedding.linear_1.'],
  ['label_emb.0.2.', 'add_embedding.linear_2.'],
  ['out.0.', 'conv_norm_out.'],
  ['out.2.', 'conv_out.'],
];

/**
 * Name there → diffusers name, for the UNet. `all` are the network's names: the position of the first
 * downsampler gives the number of layers per block, from which blocks are counted.
 */
function unetName(all: Iterable<string>): (name: string) => string {
  const perBlock = layersPerBlock([...all]) + 1; // layers and their downsampler, or the one extra layer of the up path
  return (name) => {
    for (const [prefix, current] of TOP) if (name.startsWith(prefix)) return current + name.slice(prefix.length);
    const [section = '', index = '', part = '', ...tail] = name.split('.');
    const rest = tail.join('.');
    if (section === 'middle_block') return middle(index, [part, rest].join('.'));
    const position = Number(index);
    if (section === 'input_blocks') return inputBlock(position - 1, perBlock, part, rest);
    if (section === 'output_blocks') return outputBlock(position, perBlock, part, rest);
    return name;
  };
}

/** The first downsampler is input block (layers per block + 1); without one, two layers are assumed. */
function layersPerBlock(names: readonly string[]): number {
  const positions = downsamplerPositions(names);
  return positions.length > 0 ? Math.min(...positions) - 1 : 2;
}

function downsamplerPositions(names: readonly string[]): number[] {
  return names.flatMap((name) => {
    const match = /^input_blocks\.(\d+)\.0\.op\.weight$/.exec(name);
    return match ? [Number(match[1])] : [];
  });
}

function inputBlock(position: number, perBlock: number, part: string, rest: string): string {
  const block = `down_blocks.${Math.floor(position / perBlock)}`;
  const layer = position % perBlock;
  if (rest.startsWith('op.')) return `${block}.downsamplers.0.conv.${rest.slice('op.'.length)}`;
  return part === '0' ? `${block}.resnets.${layer}.${residual(rest)}` : `${block}.attentions.${layer}.${rest}`;
}

/** The upsampler is part 2 after an attention, part 1 in a block without one. */
function outputBlock(position: number, perBlock: number, part: string, rest: string): string {
  const block = `up_blocks.${Math.floor(position / perBlock)}`;
  const layer = position % perBlock;
  if (part === '0') return `${block}.resnets.${layer}.${residual(rest)}`;
  return rest.startsWith('conv.') ? `${block}.upsamplers.0.${rest}` : `${block}.attentions.${layer}.${rest}`;
}

function middle(index: string, rest: string): string {
  if (index === '1') return `mid_block.attentions.0.${rest}`;
  return `mid_block.resnets.${index === '0' ? 0 : 1}.${residual(rest)}`;
}

function residual(rest: string): string {
  const [old, current] = RESIDUAL.find(([prefix]) => rest.startsWith(prefix)) ?? ['', ''];
  return current + rest.slice(old.length);
}
