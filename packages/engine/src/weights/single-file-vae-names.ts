const ATTENTION: readonly (readonly [string, string])[] = [
  ['norm.', 'group_norm.'],
  ['q.', 'to_q.'],
  ['k.', 'to_k.'],
  ['v.', 'to_v.'],
  ['proj_out.', 'to_out.0.'],
];

/** Single-file name → diffusers name, for the VAE. The decoder's levels are counted from the finest there, from the coarsest here. */
export function vaeName(names: Iterable<string>): (name: string) => string {
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
