import { existsSync } from 'node:fs';
import type { Checkpoint } from '../checkpoints/checkpoint.ts';
import type { Int8Weights } from '../components/int8-layers.ts';
import { EngineError } from '../errors.ts';
import { type SdxlConfigs, type SdxlPart, sdxlParts } from '../families/sdxl-architecture.ts';
import type { LoadOptions } from '../model.ts';
import { type Precision, precisions } from '../runtime/variant.ts';
import type { TensorTable } from '../weights/safetensors.ts';
import { int8FileOf, int8Matrices, openInt8Weights, quantizeInMemory } from './int8-weights.ts';

/** The precision of each part that is not exact. @throws EngineError `invalid_request` */
export function precisionOfParts(
  given: LoadOptions['precision'] = 'exact',
): Readonly<Partial<Record<SdxlPart, Precision>>> {
  const names = Object.keys(sdxlParts).filter(isSdxlPart);
  const entries: (readonly [string, unknown])[] =
    typeof given === 'object' ? Object.entries(given) : names.map((part) => [part, given]);
  const chosen: Partial<Record<SdxlPart, Precision>> = {};
  for (const [part, wanted] of entries) {
    if (!isSdxlPart(part)) throw invalidPrecision(`has no part ${part}; the parts are ${names.join(', ')}`);
    const precision = precisions.find((known) => known === (wanted ?? 'exact'));
    if (precision === undefined)
      throw invalidPrecision(`must be ${precisions.join(' or ')} (got ${JSON.stringify(wanted)})`);
    if (precision !== 'exact') chosen[part] = precision;
  }
  return chosen;
}

function isSdxlPart(name: string): name is SdxlPart {
  return Object.hasOwn(sdxlParts, name);
}

function invalidPrecision(problem: string): EngineError {
  return new EngineError('invalid_request', `precision ${problem}`, { details: { param: 'precision' } });
}

/** From the model's quantized file; a small model without one is quantized here, which takes less than a second. */
export async function int8WeightsOf(
  checkpoint: Checkpoint,
  configs: SdxlConfigs,
  precision: Readonly<Partial<Record<SdxlPart, Precision>>>,
  given: string | undefined,
): Promise<ReadonlyMap<SdxlPart, Int8Weights>> {
  if (!Object.values(precision).includes('int8')) return new Map();
  const wanted = new Map([...int8Matrices(checkpoint, configs)].filter(([part]) => precision[part] === 'int8'));
  const isSmall = [...wanted.keys()].every(
    (part) => storedBytes(checkpoint.components[part].tensors) <= RESIDENT_BYTES,
  );
  if (given !== undefined || !isSmall || existsSync(int8FileOf(checkpoint)))
    return openInt8Weights(checkpoint, wanted, given);
  const weights = new Map<SdxlPart, Int8Weights>();
  for (const [part, matrices] of wanted)
    weights.set(part, await quantizeInMemory(matrices, checkpoint.components[part].tensors));
  return weights;
}

/** A component with fewer stored bytes is widened once at load: faster, and small enough not to matter. */
export const RESIDENT_BYTES = 64 * 2 ** 20;

export function storedBytes(tensors: TensorTable): number {
  return [...tensors.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
}
