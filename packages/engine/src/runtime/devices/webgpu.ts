import { gpuKind, gpuSessionOptions, plainForm } from './gpu.ts';

/**
 * WebGPU (Dawn inside ONNX Runtime): Vulkan on Linux, Direct3D 12 on Windows, Metal on macOS.
 *
 * Attention is plain unless the probe has found the fused operator right: on Vulkan its shader relies on a variable that is zero in each
 * round of a loop, as WGSL says, but that Dawn sets to zero only once; results are then off by several per cent, silently.
 *
 * All group norms have one epsilon: ONNX Runtime 1.30 compiles InstanceNormalization once for nodes that differ in it alone, also of several
 * sessions, so that all but one of them compute with the epsilon of another.
 */
export const webgpu = gpuKind(
  {
    name: 'webgpu',
    title: 'WebGPU',
    platforms: ['linux-x64', 'win32-x64', 'win32-arm64', 'darwin-arm64'],
    requires: "the graphics card's driver; on Linux its Vulkan driver and the Vulkan loader (Debian: libvulkan1)",
    form: { ...plainForm, normEpsilon: 1e-5 },
  },
  true,
  (profile, graph) => {
    const { cpuNodes } = graph;
    return gpuSessionOptions(profile, graph, {
      name: 'webgpu',
      ...(cpuNodes.length > 0 && { forceCpuNodeNames: cpuNodes }),
    });
  },
);
