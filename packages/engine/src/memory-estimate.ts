import type { MemoryEstimate } from './model.ts';
import type { MemorySetting } from './runtime/memory.ts';

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
