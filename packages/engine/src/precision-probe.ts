import type { Operations } from './components/operations.ts';
import type { MemoryEstimate, PictureEstimate, PictureSize, PrecisionSpeeds } from './model.ts';
import { engineThreads } from './runtime/devices/processors.ts';
import type { MemorySetting } from './runtime/memory.ts';

/**
 * Measures how fast this machine computes the layers of the networks in each precision: about a second of work.
 *
 * @param threads default: as many as a model would be loaded with
 * @example
 * const { exact, int8 } = await measurePrecisions();
 * console.log(`linear layers are ${(int8.linear / exact.linear).toFixed(1)} times as fast in int8`);
 */
export async function measurePrecisions(threads: number = engineThreads()): Promise<PrecisionSpeeds> {
  const { measureLayers } = await import('./components/measure-layers.ts');
  return measureLayers(threads);
}

/** TFLOP of a pass of SDXL's UNet at 1024×1024. */
export const sdxlPass: Operations = { linear: 4.3, conv: 1.56, floatLinear: 0, floatConv: 0.07, attention: 0.78 };

/** How many times as fast as `exact` a pass of SDXL's UNet at 1024×1024 is in `int8`, by the measured speeds. */
export async function int8Gain(speeds: PrecisionSpeeds): Promise<number> {
  const { secondsOf } = await import('./components/operations.ts');
  return secondsOf(sdxlPass, speeds, 'exact') / secondsOf(sdxlPass, speeds, 'int8');
}

/**
 * How long a picture of a model would take here in each profile: the arithmetic of its graphs at the measured speeds. Reads configurations and
 * tensor headers, never the weights.
 *
 * @param size of the picture; absent: the model's native one
 * @throws EngineError when it is no model that loads
 */
export async function estimatePicture(
  pathOrName: string,
  speeds: PrecisionSpeeds,
  size?: PictureSize,
): Promise<PictureEstimate> {
  const { estimateOf } = await import('./loading/estimate-picture.ts');
  return estimateOf(pathOrName, speeds, size);
}

/**
 * Estimates the memory of a model from the headers of its files.
 *
 * @throws EngineError of a model that does not load
 */
export async function estimateMemory(pathOrName: string, setting: MemorySetting = 'auto'): Promise<MemoryEstimate> {
  // Imported here, so that a program that does not estimate does not load ONNX Runtime.
  const { memoryEstimateOf } = await import('./loading/memory-needs.ts');
  return memoryEstimateOf(pathOrName, setting);
}
