import type { InspectOptions, LoraInspector, ModelReport, PartOptions } from './loading/inspect-model.ts';
import type { QuantizedModel, QuantizeOptions } from './loading/quantize-model.ts';

// Their modules are imported where they are used, as in load-model.ts: a program that makes pictures in another process reads no model files.

/**
 * Looks at a model's files: layout, sizes, precision, and every tensor that is missing or of the wrong shape, not only the first.
 * Reads configurations and tensor headers, never the weights.
 *
 * @example
 * const { problems } = await inspectModel('./playground-v2.5');
 * for (const { message, remedy } of problems) console.error(`${message}; ${remedy}`);
 */
export async function inspectModel(pathOrName: string, options: InspectOptions = {}): Promise<ModelReport> {
  const { reportOf } = await import('./loading/inspect-model.ts');
  return reportOf(pathOrName, options);
}

/**
 * Looks at LoRAs for a model, of which only headers are read: what should be known of a file that fits, and its licence.
 *
 * @throws EngineError as `loadModel`, and for a file that does not fit
 */
export async function inspectLoras(pathOrName: string, options: PartOptions = {}): Promise<LoraInspector> {
  const { loraInspectorOf } = await import('./loading/inspect-model.ts');
  return loraInspectorOf(pathOrName, options);
}

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
  const { writeInt8File } = await import('./loading/quantize-model.ts');
  return writeInt8File(pathOrName, options);
}
