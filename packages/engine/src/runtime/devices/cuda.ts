import { gpuKind, gpuSessionOptions, plainForm } from './gpu.ts';

/** NVIDIA cards through CUDA and cuDNN, which `easel device install cuda` brings. */
export const cuda = gpuKind(
  {
    name: 'cuda',
    title: 'CUDA',
    platforms: ['linux-x64'],
    requires: "NVIDIA's driver (580 or newer) and the libraries of `easel device install cuda`",
    form: { ...plainForm, attention: 'fused', stored: ['float32', 'float16', 'bfloat16', 'float64'] },
  },
  false,
  (profile, graph) => gpuSessionOptions(profile, graph, { name: 'cuda' }),
);
