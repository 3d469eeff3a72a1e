import type { QuantizedModel, QuantizeOptions } from './loading/quantize-model.ts';

/**
 * Creates the file that a model needs to run with the precision `int8`: the weights of its matrix products and convolutions as 8-bit
 * integers. It is written under a temporary name, verified, and only then renamed, so an incomplete file is never visible.
 *
 * @throws EngineError as `loadModel` does, and `cancelled`; file system errors are passed on
 * @example
 * const { file, bytes } = await quantizeModel('/models/playground-v2.5');
 * const model = await loadModel('/models/playground-v2.5'); // its requests may name the profiles int8 and fast
 */
export async function quantizeModel(pathOrName: string, options: QuantizeOptions = {}): Promise<QuantizedModel> {
  // Imported here, as in load-model.ts: a program that only shows help does not load ONNX Runtime.
  const { writeInt8File } = await import('./loading/quantize-model.ts');
  return writeInt8File(pathOrName, options);
}
