import { Network } from '../../src/components/network.ts';
import type { Value } from '../../src/onnx/graph-builder.ts';
import type { Residency } from '../../src/runtime/residency.ts';
import type { TensorTable } from '../../src/weights/safetensors.ts';

/** Square weights of one network. */
export interface Layers {
  readonly layers: number;
  readonly width: number;
}

/** A network of one linear layer after another: `NAME.0.weight`, `NAME.1.weight` … Its shape is the number of rows. */
export function chainNetwork(
  tensors: TensorTable,
  name: string,
  { layers, width }: Layers,
  residency: Residency | undefined,
): Network<{ readonly rows: number }> {
  return new Network({
    kind: 'unet',
    part: 'unet',
    tensors,
    threads: 1,
    weights: () => 'mapped',
    keep: 1,
    ...(residency && { residency }),
    build: ({ rows }, of) => {
      const nn = of('chain');
      let x: Value = nn.graph.input('x', [rows, width]);
      for (let layer = 0; layer < layers; layer++) x = nn.linear(x, `${name}.${layer}`, width, { bias: false });
      nn.graph.output('y', x);
      return nn.graph;
    },
  });
}
