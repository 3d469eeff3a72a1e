import { expect, test } from 'vitest';
import { runtimeError } from './runtime-error.ts';

test.each([
  // ONNX Runtime and the C++ library
  'std::bad_alloc',
  'Failed to allocate memory for requested buffer of size 8589934592',
  'onnxruntime::BFCArena::AllocateRawInternal(size_t, bool, Stream *) Failed to allocate memory for requested buffer of size 67108864',
  // WebGPU: Dawn over Vulkan, Direct3D 12 and Metal
  'WebGPU validation failed. [Invalid Buffer (unlabeled)] is invalid due to a previous error.\n - While validating entries[0] as a Buffer.',
  'Exception during initialization: buffer_manager.cc:582 WGPUBufferImpl* BufferManager::Create(size_t, wgpu::BufferUsage, bool, bool) const buffer was false. Failed to create GPU buffer: size=67108864, usage=142.',
  '[Invalid BindGroup (unlabeled)] is invalid due to a previous error.',
  'WebGPU validation failed. Buffer size (8589934592) exceeds the max buffer size limit (1073741824).',
  'vkCreateBuffer failed with VK_ERROR_OUT_OF_DEVICE_MEMORY',
  'vkAllocateMemory failed with VK_ERROR_OUT_OF_HOST_MEMORY',
  'Device lost: vkQueueSubmit failed with VK_ERROR_OUT_OF_DEVICE_MEMORY',
  'Too many storage buffers in shader. Current: 67, Max is 16',
  'Binding size (268435456) is larger than the maximum storage buffer binding size (134217728).',
  "Non-zero status code returned while running Conv node. Name:'Conv_0' Status Message: absl::container_internal::raw_hash_map<>::at",
  'D3D12 create heap failed with E_OUTOFMEMORY (0x8007000E)',
  'CreateCommittedResource failed: 8007000E Not enough memory resources are available to complete this operation.',
  'Execution of the command buffer was aborted due to an error during execution. Insufficient Memory (00000008:kIOGPUCommandBufferCallbackErrorOutOfMemory)',
  // CUDA, cuBLAS and cuDNN
  'CUDA failure 2: out of memory ; GPU=0 ; hostname=box ; file=cuda_allocator.cc ; line=38 ; expr=cudaMalloc((void**)&p, size);',
  'CUBLAS failure 3: CUBLAS_STATUS_ALLOC_FAILED ; GPU=0 ; expr=cublasCreate(&cublas_handle_);',
  'CUDNN failure 2: CUDNN_STATUS_ALLOC_FAILED ; GPU=0',
  'CUDNN failure 4002: CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED ; GPU=0',
  'cudaErrorMemoryAllocation',
])('memory ran out: %s', (message) => {
  expect(runtimeError(new Error(message))).toMatchObject({
    code: 'out_of_memory',
    remedy: expect.stringContaining('smaller picture'),
  });
});

test.each([
  'Device lost: the GPU was reset',
  '[Device] is lost.',
  'WebGPU device was lost (reason: unknown)',
  'vkQueueSubmit failed with VK_ERROR_DEVICE_LOST',
  'vkAllocateMemory failed with VK_ERROR_DEVICE_LOST',
  'ID3D12Device::GetDeviceRemovedReason returned DXGI_ERROR_DEVICE_HUNG (0x887A0006)',
  '887A0005 The GPU device instance has been suspended. Use GetDeviceRemovedReason to determine the appropriate action.',
  '0x887A0007 DXGI_ERROR_DEVICE_RESET',
  'DXGI_ERROR_DEVICE_REMOVED',
  '887A0006 The GPU will not respond to more commands, most likely because of an invalid command passed by the calling application.',
  'CUDA failure 700: an illegal memory access was encountered ; GPU=0 ; file=cuda_allocator.cc ; line=60 ; expr=cudaFree(p);',
  'CUDA error 719: unspecified launch failure',
  'CUDA failure 702: the launch timed out and was terminated',
  'Caused GPU Timeout Error (00000002:kIOGPUCommandBufferCallbackErrorTimeout)',
  'Caused GPU Hang Error (00000003:kIOGPUCommandBufferCallbackErrorHang)',
])('the device is lost: %s', (message) => {
  expect(runtimeError(new Error(message))).toMatchObject({
    code: 'device_lost',
    remedy: expect.stringContaining('try again'),
  });
});

test.each([
  'Program Gather requires f16 but the device does not support it',
  'Failed to get a WebGPU adapter: No supported adapters',
  'CUDA failure 100: no CUDA-capable device is detected',
  'CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version',
  'Got invalid dimensions for input: sample',
])('anything else is a failure of the runtime: %s', (message) => {
  const error = runtimeError(new Error(message));
  expect(error).toMatchObject({ code: 'inference_failed', message: expect.stringContaining(message) });
});
