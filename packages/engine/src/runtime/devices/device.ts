import type { InferenceSession } from 'onnxruntime-node';
import type { GraphBuilder, Value } from '../../onnx/graph-builder.ts';

export interface SessionProfile {
  /** External data is resolved against this folder. */
  readonly weightFolder: string;
  readonly threads: number;
  /**
   * `mapped`: weights stay in their file, widened at each use. `packed`: those that products use as they are, such as 8-bit ones, are
   * packed once, at load. `resident`: all are widened, folded and packed once, and the graph is optimised.
   */
  readonly weights: 'mapped' | 'packed' | 'resident';
}

/** What networks run on: how its sessions are created, and which form of an operator is fast on it. */
export interface Device {
  sessionOptions(profile: SessionProfile): InferenceSession.SessionOptions;
  readonly operators: OperatorForms;
}

/** Operators whose implementation depends on the device. All compute the same. */
export interface OperatorForms {
  /** A stored half-precision or 8-bit weight, as input for the other operators. @param scale factor for its values */
  weight(graph: GraphBuilder, stored: Value, scale?: number): Value;
  /** x [B, C, H, W], statistics over each of the channel groups. */
  groupNorm(graph: GraphBuilder, x: Value, norm: GroupNorm): Value;
  /** q [B, S, C]; k, v [B, T, C] → [B, S, C], heads being contiguous slices of C. Must never hold S×T. */
  attention(graph: GraphBuilder, inputs: readonly [q: Value, k: Value, v: Value], options: AttentionOptions): Value;
}

export interface GroupNorm {
  readonly groups: number;
  readonly epsilon: number;
  /** The two weights [C], in the shape that the implementation needs. */
  readonly scale: (as: readonly number[]) => Value;
  readonly bias: (as: readonly number[]) => Value;
}

export interface AttentionOptions {
  readonly heads: number;
  readonly causal: boolean;
}
