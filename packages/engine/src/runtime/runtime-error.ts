import { messageOf } from '@easel/errors';
import { EngineError } from '../errors.ts';

type Failure = 'out_of_memory' | 'device_lost';

/**
 * How the runtime and the drivers below it say that memory ran out, on the device or on the host, or that the device is gone, because its driver
 * was reset (as after a pass that took too long) or updated, or the card removed. None of them has a code that reaches JavaScript. The first that
 * fits counts: a device that was lost because its memory ran out needs less memory, not another try; and one that was lost may be noticed by
 * whoever allocates.
 */
const wordings: readonly (readonly [Failure, RegExp])[] = [
  ['out_of_memory', /out[ _]?of[ _]?(?:device[ _]?|host[ _]?|video[ _]?)?memory/i],
  ['out_of_memory', /insufficient (?:memory|resources)|not enough (?:memory|storage|video memory)|8007000E/i], // E_OUTOFMEMORY (winerror.h)
  ['device_lost', /device\]?\s*(?:is|was|has been)?\s*lost|lost (?:the )?device|DEVICE_LOST/i],
  ['device_lost', /DXGI_ERROR_(?:DEVICE_(?:REMOVED|HUNG|RESET)|DRIVER_INTERNAL_ERROR)|887A00(?:05|06|07|20)/i],
  ['device_lost', /GPU device instance has been suspended|GPU will not respond to more commands/i],
  // Errors after which a CUDA context cannot be used (cudaError_t).
  ['device_lost', /CUDA (?:failure|error)(?: code)?:? ?(?:46|214|70[0-9]|71[0-9]|999)\b/i],
  ['device_lost', /illegal memory access|unspecified launch failure|launch timed out|misaligned address/i],
  [
    'device_lost',
    /cudaError(?:IllegalAddress|Launch(?:Failure|Timeout)|ECCUncorrectable|HardwareStackError|Unknown)\b/,
  ],
  // MTLCommandBufferError of Metal.
  ['device_lost', /caused GPU (?:timeout|hang|address fault)/i],
  ['device_lost', /CommandBufferCallbackError(?:Timeout|Hang|PageFault|InnocentVictim|SubmissionsIgnored)/],
  ['out_of_memory', /alloc/i], // std::bad_alloc, `Failed to allocate memory`, CUBLAS_STATUS_ALLOC_FAILED
  // WebGPU (Dawn): a buffer that could not be created is used all the same; what is too large for one binding is bound in parts, up to a number.
  ['out_of_memory', /failed to create GPU buffer|\[?Invalid (?:Buffer|BindGroup)\b|too many storage buffers/i],
  ['out_of_memory', /max(?:imum)? ?buffer ?size|max(?:imum)? ?(?:storage ?)?buffer ?binding ?size/i],
  // ONNX Runtime's convolution has no binding in parts: a lookup fails where its input is larger than the largest binding.
  ['out_of_memory', /raw_hash_map<>::at/],
];

/** The error of a call into the runtime. @param cause what the runtime threw */
export function runtimeError(cause: unknown): EngineError {
  const reason = messageOf(cause);
  switch (wordings.find(([, wording]) => wording.test(reason))?.[0]) {
    case 'out_of_memory':
      return new EngineError('out_of_memory', `there is not enough memory for this run (${reason})`, {
        remedy: 'make a smaller picture or close other programs',
        cause,
      });
    case 'device_lost':
      return new EngineError('device_lost', `the graphics card stopped in the middle of the run (${reason})`, {
        cause,
      });
    case undefined:
      return new EngineError('inference_failed', `the inference runtime failed: ${reason}`, { cause });
  }
}
