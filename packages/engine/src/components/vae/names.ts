import type { TensorTable } from '../../weights/safetensors.ts';
import { asMatrix } from '../../weights/tensor-views.ts';
import { renameTensors, type StoredForm, stripPrefix } from '../stored-form.ts';

export const vaeForm: StoredForm = {
  stem: 'diffusion_pytorch_model',
  mark: 'decoder.conv_in.weight',
  current: (tensors) => normalizeVaeNames(stripPrefix(tensors, vaeForm.mark)),
};

/** The tensors of a VAE with the names of the original training code ("ldm"). */
export function ldmVaeTensors(tensors: TensorTable): TensorTable {
  return normalizeVaeNames(renameTensors(tensors, vaeName(tensors.keys())));
}

const OLD_ATTENTION_NAMES: readonly (readonly [string, string])[] = [
  ['.query.', '.to_q.'],
  ['.key.', '.to_k.'],
  ['.value.', '.to_v.'],
  ['.proj_attn.', '.to_out.0.'],
];

/** The projections of the middle attention once had other names, and were 1×1 convolutions. */
function normalizeVaeNames(tensors: TensorTable): TensorTable {
  const names = renameTensors(tensors, (name) =>
    OLD_ATTENTION_NAMES.reduce((result, [old, current]) => result.replace(old, current), name),
  );
  return new Map([...names].map(([name, tensor]) => [name, isAttentionWeight(name) ? asMatrix(tensor) : tensor]));
}

function isAttentionWeight(name: string): boolean {
  return name.includes('.attentions.0.to_') && name.endsWith('.weight');
}

const ATTENTION: readonly (readonly [string, string])[] = [
  ['norm.', 'group_norm.'],
  ['q.', 'to_q.'],
  ['k.', 'to_k.'],
  ['v.', 'to_v.'],
  ['proj_out.', 'to_out.0.'],
];

/** Name there → diffusers name, for the VAE. The decoder's levels are counted from the finest there, from the coarsest here. */
function vaeName(names: Iterable<string>): (name: string) => string {
  const lastLevel = Math.max(...[...names].map((name) => Number(/^decoder\.up\.(\d+)\./.exec(name)?.[1] ?? 0)));
  return (name) => {
    const [side = '', section = '', level = '', kind = '', ...tail] = name.split('.');
    const rest = tail.join('.');
    if (section === 'norm_out') return `${side}.conv_norm_out.${[level, kind].join('.').replace(/\.$/, '')}`;
    if (section === 'mid') return midBlock(side, level, [kind, ...tail].join('.'));
    if (section === 'down') return `${side}.down_blocks.${level}.${block(kind, rest, 'downsamplers')}`;
    if (section === 'up') return `${side}.up_blocks.${lastLevel - Number(level)}.${block(kind, rest, 'upsamplers')}`;
    return name;
  };
}

function block(kind: string, rest: string, sampler: string): string {
  return kind === 'block' ? `resnets.${rest.replace('nin_shortcut', 'conv_shortcut')}` : `${sampler}.0.${rest}`;
}

function midBlock(side: string, part: string, rest: string): string {
  if (part !== 'attn_1') return `${side}.mid_block.resnets.${part === 'block_1' ? 0 : 1}.${rest}`;
  const [old, current] = ATTENTION.find(([prefix]) => rest.startsWith(prefix)) ?? ['', ''];
  return `${side}.mid_block.attentions.0.${current}${rest.slice(old.length)}`;
}
