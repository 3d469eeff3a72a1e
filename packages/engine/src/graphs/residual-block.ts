import type { Value } from '../onnx/graph-builder.ts';
import type { Layers } from './layers.ts';

export interface ResidualBlockOptions {
  readonly groups: number;
  readonly epsilon: number;
  /** silu(time embedding) [B, T]; the UNet has one, the VAE none. */
  readonly timeEmbedding?: Value;
}

/** GN, silu, conv → + time → GN, silu, conv → + shortcut. x [B, in, H, W] → [B, out, H, W]; the shortcut is a 1×1 convolution only where in ≠ out. */
export function residualBlock(nn: Layers, x: Value, name: string, out: number, options: ResidualBlockOptions): Value {
  const { groups, epsilon, timeEmbedding } = options;
  // ONNX Runtime runs first what was built last: the shortcut then adds its output when the wide maps of norm1 are gone.
  const shortcut = x.shape[1] === out ? x : nn.conv(x, `${name}.conv_shortcut`, out, { kernel: 1 });
  let h = nn.conv(nn.silu(nn.groupNorm(x, `${name}.norm1`, groups, epsilon)), `${name}.conv1`, out);
  if (timeEmbedding) {
    const shift = nn.linear(timeEmbedding, `${name}.time_emb_proj`, out); // [B, out]
    h = nn.add(h, nn.reshape(shift, [shift.shape[0] ?? 1, out, 1, 1]));
  }
  h = nn.conv(nn.silu(nn.groupNorm(h, `${name}.norm2`, groups, epsilon)), `${name}.conv2`, out);
  return nn.add(shortcut, h);
}
