import { gpuKind, gpuSessionOptions, plainForm } from './gpu.ts';

/** COREML_FLAG_CREATE_MLPROGRAM: the older format computes in half precision only. */
const ML_PROGRAM = 0x010;

/**
 * Core ML on macOS. It takes some operators and leaves the others to the CPU, so that it can be slower than the CPU alone: only by name.
 */
export const coreml = gpuKind(
  {
    name: 'coreml',
    title: 'Core ML',
    platforms: ['darwin-arm64'],
    requires: 'macOS 12 or newer',
    form: { ...plainForm, activations: 'plain', stored: ['float32'] },
  },
  false,
  (profile, graph) => {
    const options = gpuSessionOptions(profile, graph, { name: 'coreml', coreMlFlags: ML_PROGRAM });
    return { ...options, extra: { session: { model_external_initializers_file_folder_path: profile.weightFolder } } };
  },
);
