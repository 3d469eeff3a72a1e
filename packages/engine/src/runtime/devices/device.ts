import type { InferenceSession } from 'onnxruntime-node';
import type { ElementType } from '../../onnx/elements.ts';
import type { Arithmetic, GraphBuilder } from '../../onnx/graph-builder.ts';

/** What networks can run on. */
export const deviceNames = ['cpu', 'webgpu', 'cuda', 'directml', 'coreml'] as const;

export type DeviceName = (typeof deviceNames)[number];

/** A network's session, as far as its options depend on it. */
export interface SessionProfile {
  /** External data is resolved against this folder. */
  readonly weightFolder: string;
  readonly threads: number;
  /**
   * On the CPU. `mapped`: weights stay in their file, widened at each use. `packed`: those that products use as they are, such as 8-bit
   * ones, are packed once, at load. `resident`: all are widened, folded and packed once, and the graph is optimised.
   */
  readonly weights: 'mapped' | 'packed' | 'resident';
}

/** A finished graph, and what it needs of its session. */
export type SessionGraph = Pick<GraphBuilder, 'toBytes' | 'cpuNodes' | 'foldsWeights'>;

/** How graphs are built for a device: all that changes a graph besides its shape and weights. */
export interface GraphForm {
  /** Of activations and products. Inputs and outputs are always float32. */
  readonly arithmetic: Arithmetic;
  /** `fused`: one operator that never holds the scores. `plain`: two products and a softmax, in chunks of queries. */
  readonly attention: 'fused' | 'plain';
  /** The widest head that is fused. */
  readonly widestFusedHead: number;
  /** Bytes of the largest matrix of scores in the plain form. */
  readonly largestScores: number;
  /** `fused`: x·sigmoid(αx) as one operator. `plain`: of its parts, which every provider has. */
  readonly activations: 'fused' | 'plain';
  /** The one epsilon of its group norms: those with another have their input scaled. Absent: each has its own. */
  readonly normEpsilon?: number;
  /** The types of weights that it reads. Others are converted on the CPU when a session is created, and a vocabulary of them stays there. */
  readonly stored: readonly ElementType[];
}

/** A device as it is used: how its sessions are created, and how graphs for it are built. */
export interface Device {
  readonly name: DeviceName;
  readonly form: GraphForm;
  /** Whether it has the kernels for networks in 8 bits. */
  readonly hasInt8: boolean;
  /**
   * Whether a released session's weights stay on the device until the last session of the process is released: then all are released before
   * one of another size is created.
   */
  readonly keepsReleasedWeights: boolean;
  sessionOptions(profile: SessionProfile, graph: SessionGraph): InferenceSession.SessionOptions;
}

/** A kind of device that the runtime supports. */
export interface DeviceKind {
  readonly name: DeviceName;
  /** For people, such as `WebGPU`. */
  readonly title: string;
  /** `${process.platform}-${process.arch}` where the runtime has it. */
  readonly platforms: readonly string[];
  /** What must be installed, as one sentence. */
  readonly requires: string;
  /** How its graphs are built unless a probe has found otherwise. */
  readonly form: GraphForm;
  create(form: GraphForm): Device;
}

/** Identifies a device and its form, for the keys of sessions and of what is cached from their results. */
export function deviceKey({ name, form }: Device): string {
  return JSON.stringify([name, form]);
}
