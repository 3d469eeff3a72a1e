import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { openCheckpoint } from '../checkpoints/open-checkpoint.ts';
import type { Int8MatrixSpec } from '../components/int8-layers.ts';
import { EngineError } from '../errors.ts';
import type { FamilyName } from '../families/families.ts';
import { parseSdxlConfigs, type SdxlPart } from '../families/sdxl-architecture.ts';
import { nextTurn } from '../runtime/passes.ts';
import { decodeWeight, quantizeRows } from '../weights/int8-codes.ts';
import {
  beginsAsInt8File,
  describeTensor,
  Int8FileWriter,
  type PartSource,
  type PlannedTensor,
  statesOf,
} from '../weights/int8-file.ts';
import type { TensorInfo } from '../weights/safetensors.ts';
import { checkTensors } from './check-tensors.ts';
import { findModel } from './find-model.ts';
import { codesName, int8FileOf, int8Matrices, matrixShape, readTensor, scalesName, tensorsOf } from './int8-weights.ts';

export interface QuantizeOptions {
  /** Where the file is written; default: where `loadModel` looks for it. An existing file of 8-bit weights is replaced, no other. */
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
  const sourceTensors = work.flatMap(({ tensors }) => [...tensors.values()]);
  const file = await usableOutput(output ?? int8FileOf(checkpoint), sourceTensors);
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

/**
 * What may be replaced is a file of 8-bit weights, also a damaged one; never what is read, nor a device or a folder.
 *
 * @returns the whole path
 * @throws EngineError `invalid_request` for another output, before anything is computed; errors of the file system
 */
async function usableOutput(output: string, sources: readonly TensorInfo[]): Promise<string> {
  const refused = (problem: string) =>
    new EngineError('invalid_request', `the output ${problem}`, {
      remedy: 'give the name of a new file, such as weights.int8',
      details: { param: 'output' },
    });
  if (output === '' || /[\\/]$/.test(output)) throw refused(`${JSON.stringify(output)} is not the name of a file`);
  const file = resolve(output);
  await access(dirname(file), constants.W_OK);
  const present = await stat(file).catch(() => undefined);
  if (present === undefined) return file;
  if (!present.isFile()) throw refused(`${output} is ${present.isDirectory() ? 'a folder' : 'not a regular file'}`);
  const read = await Promise.all([...new Set(sources.map((source) => source.file))].map((source) => stat(source)));
  if (read.some(({ dev, ino }) => dev === present.dev && ino === present.ino))
    throw refused(`${output} is a file of the model itself`);
  if (file.endsWith('.int8') || beginsAsInt8File(file)) return file;
  throw refused(`${output} exists, and is not a file of 8-bit weights`);
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
