import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { openCheckpoint } from '../checkpoints/open-checkpoint.ts';
import type { Int8MatrixSpec } from '../components/int8-layers.ts';
import type { FamilyName } from '../families/families.ts';
import { parseSdxlConfigs, type SdxlPart } from '../families/sdxl-architecture.ts';
import { nextTurn } from '../runtime/passes.ts';
import { decodeWeight, quantizeRows } from '../weights/int8-codes.ts';
import { describeTensor, Int8FileWriter, type PartSource, type PlannedTensor, statesOf } from '../weights/int8-file.ts';
import type { TensorInfo } from '../weights/safetensors.ts';
import { checkTensors } from './check-tensors.ts';
import { findModel } from './find-model.ts';
import { codesName, int8FileOf, int8Matrices, matrixShape, readTensor, scalesName, tensorsOf } from './int8-weights.ts';

export interface QuantizeOptions {
  /** Where the file is written; default: where `loadModel` looks for it. An existing file is replaced. */
  readonly output?: string;
  /** As for `loadModel`. */
  readonly variant?: 'fp16' | 'fp32';
  readonly config?: string;
  readonly family?: FamilyName;
  readonly unet?: string;
  readonly vae?: string;
  readonly signal?: AbortSignal;
  /** After each tensor. */
  readonly onProgress?: (progress: QuantizeProgress) => void;
}

export interface QuantizeProgress {
  /** Bytes of the stored weights to quantize. */
  readonly doneBytes: number;
  readonly totalBytes: number;
  /** The part that the last tensor belongs to. */
  readonly part: string;
}

export interface QuantizedModel {
  readonly file: string;
  readonly bytes: number;
  /** Bytes of the source weights. */
  readonly sourceBytes: number;
  /** The number of weights in it. */
  readonly weights: number;
}

/** What `quantizeModel` does. */
export async function writeInt8File(pathOrName: string, options: QuantizeOptions): Promise<QuantizedModel> {
  const { output, signal, onProgress } = options;
  const checkpoint = await openCheckpoint(findModel(pathOrName, process.env), options);
  const configs = parseSdxlConfigs(checkpoint.components);
  checkTensors(checkpoint, configs);
  const work = [...int8Matrices(checkpoint, configs)].map(([part, matrices]): PartWork => {
    return {
      part,
      matrices: [...matrices.values()],
      tensors: tensorsOf(matrices, checkpoint.components[part].tensors),
    };
  });
  const file = resolve(output ?? int8FileOf(checkpoint));
  const sourceTensors = work.flatMap(({ tensors }) => [...tensors.values()]);
  const totalBytes = sourceTensors.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const sources = new Map<string, PartSource>();
  for (const { part, tensors } of work)
    sources.set(part, { files: await statesOf(tensors.values()), sha256: '0'.repeat(64) });
  await using writer = await Int8FileWriter.create(file, plannedTensors(work), sources);
  let doneBytes = 0;
  for (const { part, matrices, tensors } of work) {
    const hash = createHash('sha256');
    for (const [name, tensor] of tensors) {
      await nextTurn(signal);
      const bytes = await readTensor(tensor);
      describeTensor(hash, name, tensor);
      hash.update(bytes);
      const values = decodeWeight(bytes, name, tensor);
      for (const matrix of matrices.filter((each) => each.tensor === name)) {
        const { codes, scales } = quantizeRows(values, matrix.shape, matrix.rows);
        await writer.write(codes);
        await writer.write(scales);
      }
      doneBytes += tensor.byteLength;
      onProgress?.({ doneBytes, totalBytes, part });
    }
    sources.set(part, { files: sources.get(part)?.files ?? [], sha256: hash.digest('hex') });
  }
  await nextTurn(signal);
  const bytes = await writer.finish(sources);
  return {
    file,
    bytes,
    sourceBytes: totalBytes,
    weights: work.reduce((sum, { matrices }) => sum + matrices.length, 0),
  };
}

/** The output for one part. */
interface PartWork {
  readonly part: SdxlPart;
  readonly matrices: readonly Int8MatrixSpec[];
  readonly tensors: ReadonlyMap<string, TensorInfo>;
}

/** In writing order: tensor by tensor, so that each is read once. */
function plannedTensors(work: readonly PartWork[]): PlannedTensor[] {
  return work.flatMap(({ part, matrices, tensors }) => {
    const inOrder = [...tensors.keys()].flatMap((name) => matrices.filter(({ tensor }) => tensor === name));
    return inOrder.flatMap((matrix): PlannedTensor[] => {
      const shape = matrixShape(matrix);
      return [
        { name: codesName(part, matrix), dtype: 'I8', shape },
        { name: scalesName(part, matrix), dtype: 'F32', shape: shape.slice(1) },
      ];
    });
  });
}
