import type { InferenceSession } from 'onnxruntime-node';
import type { GraphBuilder, Value } from '../../onnx/graph-builder.ts';

export interface SessionProfile {
  /** External data is resolved against this folder. */
  readonly weightFolder: string;
  readonly threads: number;
  /** `mapped`: weights stay in their file, widened at each use. `resident`: widened and packed once, at load. */
  readonly weights: 'mapped' | 'resident';
}

/** What networks run on: how its sessions are made, and which form of an operator is fast there. */
export interface Device {
  sessionOptions(profile: SessionProfile): InferenceSession.SessionOptions;
  readonly operators: OperatorForms;
}

/** Operators that are written in one way for one device and in another for the next. They compute the same. */
export interface OperatorForms {
  /** A stored half-precision or 8-bit weight as the other operators take it. @param scale that its values are multiplied with */
  weight(graph: GraphBuilder, stored: Value, scale?: number): Value;
  /** x [B, C, H, W], statistics over each of the channel groups. */
  groupNorm(graph: GraphBuilder, x: Value, norm: GroupNorm): Value;
  /** q [B, S, C]; k, v [B, T, C] → [B, S, C], heads being contiguous slices of C. Must never hold S×T. */
  attention(graph: GraphBuilder, inputs: readonly [q: Value, k: Value, v: Value], options: AttentionOptions): Value;
}

export interface GroupNorm {
  readonly groups: number;
  readonly epsilon: number;
  /** The two weights [C], under the shape that the form asks for. */
  readonly scale: (as: readonly number[]) => Value;
  readonly bias: (as: readonly number[]) => Value;
}

export interface AttentionOptions {
  readonly heads: number;
  readonly causal: boolean;
}
