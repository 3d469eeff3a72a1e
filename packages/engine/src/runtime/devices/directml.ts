import { gpuKind, gpuSessionOptions, plainForm } from './gpu.ts';

/** Direct3D 12 cards on Windows. The memory pattern must be off (ONNX Runtime's documentation of the provider). */
export const directml = gpuKind(
  {
    name: 'directml',
    title: 'DirectML',
    platforms: ['win32-x64', 'win32-arm64'],
    requires: "the graphics card's driver",
    form: { ...plainForm, activations: 'plain' },
  },
  false,
  (profile, graph) => ({ ...gpuSessionOptions(profile, graph, { name: 'dml' }), enableMemPattern: false }),
);
