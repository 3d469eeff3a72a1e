/** A package of the Python package index, pinned to one file and its content, and what is kept of it. */
export interface PinnedWheel {
  readonly name: string;
  readonly version: string;
  /** The file on the index, a ZIP archive. */
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly licence: Licence;
  /** The members of the archive that are kept: libraries, and the texts of licences. */
  readonly libraries: readonly string[];
  readonly notices: readonly string[];
  /** What these members take on the disk. */
  readonly keptBytes: number;
}

export interface Licence {
  readonly name: string;
  readonly address: string;
}

const mit: Licence = { name: 'MIT', address: 'https://github.com/microsoft/onnxruntime/blob/main/LICENSE' };
/** `LicenseRef-NVIDIA-Proprietary` in the packages; the text is in each of them. */
const cudaToolkit: Licence = {
  name: 'NVIDIA CUDA Toolkit End User License Agreement (proprietary)',
  address: 'https://docs.nvidia.com/cuda/eula/',
};
const cudnn: Licence = {
  name: 'NVIDIA cuDNN Software License Agreement (proprietary)',
  address: 'https://docs.nvidia.com/deeplearning/cudnn/backend/latest/reference/eula.html',
};

/**
 * The CUDA provider of ONNX Runtime, and the libraries of NVIDIA that it needs: those that its ELF header names (cuBLAS, cuRAND, the CUDA
 * runtime) and those that it loads by name (cuDNN for convolutions, and NVRTC, which cuDNN compiles kernels with). cuFFT, which it loads too,
 * is for operators that no network here has.
 *
 * The provider is of exactly the version of `onnxruntime-node` (a test compares them), and built with CUDA 13.0: the libraries are of its
 * second update, which drivers from 580 on run. cuDNN must not be older than the one it was built with: it is the newest of that day.
 */
export const cudaPackages: readonly PinnedWheel[] = [
  {
    name: 'onnxruntime-gpu',
    version: '1.30.0',
    file: 'onnxruntime_gpu-1.30.0-cp312-cp312-manylinux_2_28_x86_64.whl',
    bytes: 246_685_715,
    sha256: '6acc0f4b3d5ac5f2984432faa59dd8fcce6775f8b43a7140afa0f322c7a703b1',
    licence: mit,
    libraries: [
      'onnxruntime/capi/libonnxruntime_providers_cuda.so',
      'onnxruntime/capi/libonnxruntime_providers_shared.so',
    ],
    notices: ['onnxruntime/LICENSE', 'onnxruntime/ThirdPartyNotices.txt'],
    keptBytes: 272_403_697,
  },
  {
    name: 'nvidia-cublas',
    version: '13.1.0.3',
    file: 'nvidia_cublas-13.1.0.3-py3-none-manylinux_2_27_x86_64.whl',
    bytes: 423_133_236,
    sha256: 'ee8722c1f0145ab246bccb9e452153b5e0515fd094c3678df50b2a0888b8b171',
    licence: cudaToolkit,
    libraries: ['nvidia/cu13/lib/libcublas.so.13', 'nvidia/cu13/lib/libcublasLt.so.13'],
    notices: ['nvidia_cublas-13.1.0.3.dist-info/licenses/License.txt'],
    keptBytes: 595_832_838,
  },
  {
    name: 'nvidia-cudnn-cu13',
    version: '9.25.1.1',
    file: 'nvidia_cudnn_cu13-9.25.1.1-py3-none-manylinux_2_27_x86_64.whl',
    bytes: 503_870_572,
    sha256: '195199e8c7f8bca0c366ea675dd2441a406646cf95a98bcda66c999d57dd1f26',
    licence: cudnn,
    libraries: [
      'nvidia/cudnn/lib/libcudnn.so.9',
      'nvidia/cudnn/lib/libcudnn_adv.so.9',
      'nvidia/cudnn/lib/libcudnn_cnn.so.9',
      'nvidia/cudnn/lib/libcudnn_engines_precompiled.so.9',
      'nvidia/cudnn/lib/libcudnn_engines_runtime_compiled.so.9',
      'nvidia/cudnn/lib/libcudnn_engines_tensor_ir.so.9',
      'nvidia/cudnn/lib/libcudnn_ext.so.9',
      'nvidia/cudnn/lib/libcudnn_graph.so.9',
      'nvidia/cudnn/lib/libcudnn_heuristic.so.9',
      'nvidia/cudnn/lib/libcudnn_ops.so.9',
    ],
    notices: ['nvidia_cudnn_cu13-9.25.1.1.dist-info/licenses/License.txt'],
    keptBytes: 856_232_166,
  },
  {
    name: 'nvidia-cuda-nvrtc',
    version: '13.0.88',
    file: 'nvidia_cuda_nvrtc-13.0.88-py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64.whl',
    bytes: 90_215_200,
    sha256: 'ad9b6d2ead2435f11cbb6868809d2adeeee302e9bb94bcf0539c7a40d80e8575',
    licence: cudaToolkit,
    libraries: ['nvidia/cu13/lib/libnvrtc.so.13', 'nvidia/cu13/lib/libnvrtc-builtins.so.13.0'],
    notices: ['nvidia_cuda_nvrtc-13.0.88.dist-info/licenses/License.txt'],
    keptBytes: 113_777_942,
  },
  {
    name: 'nvidia-cuda-runtime',
    version: '13.0.96',
    file: 'nvidia_cuda_runtime-13.0.96-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
    bytes: 2_243_632,
    sha256: '7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548',
    licence: cudaToolkit,
    libraries: ['nvidia/cu13/lib/libcudart.so.13'],
    notices: ['nvidia_cuda_runtime-13.0.96.dist-info/licenses/License.txt'],
    keptBytes: 763_550,
  },
  {
    name: 'nvidia-curand',
    version: '10.4.0.35',
    file: 'nvidia_curand-10.4.0.35-py3-none-manylinux_2_27_x86_64.whl',
    bytes: 59_544_258,
    sha256: '1aee33a5da6e1db083fe2b90082def8915f30f3248d5896bcec36a579d941bfc',
    licence: cudaToolkit,
    libraries: ['nvidia/cu13/lib/libcurand.so.10'],
    notices: ['nvidia_curand-10.4.0.35.dist-info/licenses/License.txt'],
    keptBytes: 132_757_590,
  },
];
