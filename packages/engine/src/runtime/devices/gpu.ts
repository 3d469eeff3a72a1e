import type { InferenceSession } from 'onnxruntime-node';
import type { Device, DeviceKind, GraphForm, SessionGraph, SessionProfile } from './device.ts';

/** Small enough for the 128 MiB that the weakest drivers bind as one buffer (the WebGPU default limit). */
const LARGEST_SCORES = 2 ** 27;

/** Float32 arithmetic over half-precision weights, which are widened at each use; attention in operators that every provider has. */
export const plainForm: GraphForm = {
  arithmetic: 'float32',
  attention: 'plain',
  widestFusedHead: 256,
  largestScores: LARGEST_SCORES,
  activations: 'fused',
  stored: ['float32', 'float16'],
};

/**
 * What all graphics cards have in common. Graphs are not optimised: that would fold half-precision weights to float32 on the way to the
 * device, twice the memory. Only weights that the device cannot read are converted that way.
 */
export function gpuSessionOptions(
  { weightFolder }: SessionProfile,
  { cpuNodes, foldsWeights }: SessionGraph,
  provider: InferenceSession.ExecutionProviderConfig,
): InferenceSession.SessionOptions {
  const session: Record<string, string> = { model_external_initializers_file_folder_path: weightFolder };
  // An operator that the device lacks is an error, not a slow run.
  if (cpuNodes.length === 0) session.disable_cpu_ep_fallback = '1';
  return {
    executionProviders: [provider],
    graphOptimizationLevel: foldsWeights ? 'all' : 'disabled',
    enableCpuMemArena: false,
    logSeverityLevel: 3,
    extra: { session },
  };
}

/** Makes the devices of a kind from its forms. */
export function gpuKind(
  kind: Omit<DeviceKind, 'create'>,
  keepsReleasedWeights: boolean,
  sessionOptions: Device['sessionOptions'],
): DeviceKind {
  const create = (form: GraphForm): Device => {
    return { name: kind.name, form, hasInt8: false, keepsReleasedWeights, sessionOptions };
  };
  return { ...kind, create };
}
