import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import type { Checkpoint } from '../checkpoints/checkpoint.ts';
import type { Int8MatrixSpec, Int8Weights } from '../components/int8-layers.ts';
import { int8LayersOver } from '../components/network.ts';
import { EngineError } from '../errors.ts';
import { eachNetwork, type NetworkPlan, type SdxlConfigs, type SdxlPart } from '../families/sdxl-architecture.ts';
import { defaultTarget } from '../runtime/variant.ts';
import { decodeWeight, type Int8Codes, quantizeRows } from '../weights/int8-codes.ts';
import { type Int8File, isSource, openInt8File, type PartSource } from '../weights/int8-file.ts';
import type { TensorInfo, TensorTable } from '../weights/safetensors.ts';
import { elementCount } from '../weights/tensor-views.ts';

/** The matrices of one part that its graphs use in 8 bits, by key. */
export type PartMatrices = ReadonlyMap<string, Int8MatrixSpec>;

/** What has to be quantized, found by building every graph: only the layers know what they compute in 8 bits. */
export function int8Matrices(checkpoint: Checkpoint, configs: SdxlConfigs): ReadonlyMap<SdxlPart, PartMatrices> {
  const parts = new Map<SdxlPart, Map<string, Int8MatrixSpec>>();
  eachNetwork(configs, <Shape extends object>({ part, build, smallest }: NetworkPlan<Shape>) => {
    const found = parts.get(part) ?? new Map<string, Int8MatrixSpec>();
    parts.set(part, found);
    const weights: Int8Weights = {
      files: [],
      bind: (_, matrix) => {
        found.set(matrix.key, matrix);
        const [inputs, outputs] = matrixShape(matrix);
        return { codes: { name: '', shape: [inputs, outputs] }, scales: { name: '', shape: [outputs] } };
      },
    };
    const { tensors } = checkpoint.components[part];
    build(smallest, int8LayersOver(tensors, weights, defaultTarget.device, '/'));
  });
  return parts;
}

/** [inputs, outputs] */
export function matrixShape({ shape, rows }: Int8MatrixSpec): readonly [inputs: number, outputs: number] {
  return [elementCount(shape.slice(1)), rows[1] - rows[0]];
}

/** The tensors that matrices are made from, each once, in reading order. */
export function tensorsOf(matrices: PartMatrices, tensors: TensorTable): Map<string, TensorInfo> {
  const sources = new Map<string, TensorInfo>();
  for (const { tensor: name } of matrices.values()) {
    const tensor = tensors.get(name);
    if (tensor === undefined) throw new EngineError('tensor_missing', `the tensor ${name} is missing`);
    sources.set(name, tensor);
  }
  return sources;
}

/** Stored size of a tensor in bytes. */
export async function readTensor({ file, offset, byteLength }: TensorInfo): Promise<Uint8Array<ArrayBuffer>> {
  await using handle = await open(file);
  const bytes = new Uint8Array(byteLength);
  for (let done = 0; done < byteLength; ) {
    const { bytesRead } = await handle.read(bytes, done, byteLength - done, offset + done);
    if (bytesRead === 0) {
      const message = `${file} ended before its time; it was changed while it was read`;
      throw new EngineError('weights_corrupt', message, { details: { file } });
    }
    done += bytesRead;
  }
  return bytes;
}

/** The command that creates the file, for messages: with the options that decide which weights are read. */
function quantizeCommand({ path, options }: Pick<Checkpoint, 'path' | 'options'>, output: string | undefined): string {
  const { unet, vae, variant, family, config } = options;
  const named = { unet, vae, variant, family, 'model-config': config, output };
  const words = Object.entries(named).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, value]));
  return ['easel model quantize', ...[path, ...words].map(quoted)].join(' ');
}

/** As a shell takes it for one word. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/**
 * The default place of a model's 8-bit weights: in its folder, or beside its file. With another UNet or VAE it is a file of its own, so
 * that each of them keeps its weights.
 */
export function int8FileOf({ path, layout, options }: Pick<Checkpoint, 'path' | 'layout' | 'options'>): string {
  const { unet, vae } = options;
  const others = JSON.stringify([unet, vae].map((file) => (file === undefined ? null : resolve(file))));
  const isOwn = unet === undefined && vae === undefined;
  const mark = isOwn ? '' : `-${createHash('sha256').update(others).digest('hex').slice(0, 8)}`;
  return layout === 'diffusers'
    ? join(path, `weights${mark}.int8`)
    : `${path.replace(/\.safetensors$/, '')}${mark}.int8`;
}

/**
 * The 8-bit weights of the file, for the parts that use them.
 *
 * @param given the file; undefined: the default from `int8FileOf`
 * @throws EngineError `model_file_missing`, `weights_corrupt`; both say how to create the file
 */
export async function openInt8Weights(
  checkpoint: Checkpoint,
  matrices: ReadonlyMap<SdxlPart, PartMatrices>,
  given: string | undefined,
): Promise<ReadonlyMap<SdxlPart, Int8Weights>> {
  const path = given ?? int8FileOf(checkpoint);
  const remake = quantizeCommand(checkpoint, given);
  if (!existsSync(path)) throw missingInt8File('the precision int8', checkpoint, given);
  const file = await openInt8File(path, remake);
  const weights = new Map<SdxlPart, Int8Weights>();
  for (const [part, wanted] of matrices) {
    const problem = await problemOf(file, part, wanted, checkpoint.components[part].tensors);
    if (problem !== undefined) {
      const remedy = `make it again with: ${remake}`;
      throw new EngineError('weights_corrupt', `${path} ${problem}`, { remedy, details: { file: path } });
    }
    weights.set(part, fileWeights(file, part));
  }
  return weights;
}

/** @param wanted what needs the file */
export function missingInt8File(wanted: string, checkpoint: Checkpoint, given: string | undefined): EngineError {
  const path = given ?? int8FileOf(checkpoint);
  const problem = existsSync(path) ? 'is not a file of them' : 'is missing';
  return new EngineError('model_file_missing', `${wanted} needs the weights in 8 bits, and ${path} ${problem}`, {
    remedy: `make it once with: ${quantizeCommand(checkpoint, given)}`,
    details: { file: path },
  });
}

async function problemOf(
  file: Int8File,
  part: SdxlPart,
  matrices: PartMatrices,
  tensors: TensorTable,
): Promise<string | undefined> {
  const fits = (name: string, dtype: string, shape: readonly number[]) => {
    const tensor = file.tensors.get(name);
    return tensor?.dtype === dtype && String(tensor.shape) === String(shape);
  };
  for (const matrix of matrices.values()) {
    const shape = matrixShape(matrix);
    const name = codesName(part, matrix);
    if (!fits(name, 'I8', shape) || !fits(scalesName(part, matrix), 'F32', shape.slice(1)))
      return `does not have the layers of this model (${part}: ${matrix.key})`;
  }
  const source: PartSource | undefined = file.sources.get(part);
  if (source !== undefined && (await isSource(source, tensorsOf(matrices, tensors)))) return undefined;
  return `was made from other weights than the model has now (${part})`;
}

export function codesName(part: SdxlPart, { key }: Int8MatrixSpec): string {
  return `${part}/${key}`;
}

export function scalesName(part: SdxlPart, { key }: Int8MatrixSpec): string {
  return `${part}/${key}.scales`;
}

/** These stay in the file, as mapped memory. */
function fileWeights(file: Int8File, part: SdxlPart): Int8Weights {
  return {
    files: [file.path],
    bind: (graph, matrix, folder) => {
      const [inputs, outputs] = matrixShape(matrix);
      const external = (name: string, type: 'int8' | 'float32', shape: readonly number[]) => {
        const { offset = 0, byteLength = 0 } = file.tensors.get(name) ?? {};
        return graph.external(name, shape, type, { location: relative(folder, file.path), offset, byteLength });
      };
      return {
        codes: external(codesName(part, matrix), 'int8', [inputs, outputs]),
        scales: external(scalesName(part, matrix), 'float32', [outputs]),
      };
    },
  };
}

/** Quantizes a part at load; the codes are kept in this process's memory. */
export async function quantizeInMemory(matrices: PartMatrices, tensors: TensorTable): Promise<Int8Weights> {
  const quantized = new Map<string, Int8Codes>();
  for (const [name, tensor] of tensorsOf(matrices, tensors)) {
    const values = decodeWeight(await readTensor(tensor), name, tensor);
    for (const matrix of matrices.values())
      if (matrix.tensor === name) quantized.set(matrix.key, quantizeRows(values, matrix.shape, matrix.rows));
  }
  return {
    files: [],
    bind: (graph, { key }) => {
      const { inputs, outputs, codes, scales } = quantized.get(key) ?? missing(key);
      return {
        codes: graph.int8s(`${key}:codes`, [inputs, outputs], codes),
        scales: graph.float32s(`${key}:scales`, [outputs], scales),
      };
    },
  };
}

function missing(key: string): never {
  throw new EngineError('internal', `${key} was not quantized`);
}
