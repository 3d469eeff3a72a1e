import type { GraphBuilder } from '../onnx/graph-builder.ts';
import type { WeightBinder } from './weight-binder.ts';

/** A finished graph, ready to be written. */
export interface BoundGraph {
  toBytes(): Uint8Array;
}

/** Ties a new graph to the weights of one component. */
export type WeightsOf = (graph: GraphBuilder) => WeightBinder;
