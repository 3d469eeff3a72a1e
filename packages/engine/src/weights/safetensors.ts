import { open, realpath } from 'node:fs/promises';
import { EngineError } from '../errors.ts';
import { recogniseFile } from '../file-kinds.ts';
import { isJsonObject, systemCode, unreadable } from '../model-files.ts';

const BYTES_PER_ELEMENT: ReadonlyMap<string, number> = new Map(
  Object.entries({
    ...{ F64: 8, F32: 4, F16: 2, BF16: 2, F8_E4M3: 1, F8_E5M2: 1 },
    ...{ I64: 8, I32: 4, I16: 2, I8: 1, U64: 8, U32: 4, U16: 2, U8: 1, BOOL: 1 },
  }),
);

/** Where a tensor is stored; its data has not been read. */
export interface TensorInfo {
  /** Real path (symbolic links resolved: hub downloads are links into a blob store). */
  readonly file: string;
  /** As named in the file. Only tensors that a network needs must have a type that this engine reads. */
  readonly dtype: string;
  readonly shape: readonly number[];
  /** From the start of the file. */
  readonly offset: number;
  readonly byteLength: number;
  /** Stored as [in, out] where this engine's name implies [out, in] (open_clip's text projection). */
  readonly transposed?: boolean;
  /** Factor for the stored values (8-bit weights). */
  readonly scale?: number;
}

export type TensorTable = ReadonlyMap<string, TensorInfo>;

/** The safetensors format's own limit. */
const MAX_HEADER_BYTES = 100_000_000;

/**
 * Reads the header of a safetensors file and checks that every tensor lies inside the file.
 * Format: 8-byte little-endian header length, JSON header, data; offsets count from the end of the header.
 *
 * @throws EngineError `model_file_missing`, `weights_corrupt`; `model_unsupported` for a file of another format
 */
export async function readSafetensors(path: string): Promise<Map<string, TensorInfo>> {
  return (await readSafetensorsFile(path)).tensors;
}

/** A file's header, and where its data begins. */
export interface SafetensorsFile {
  /** Real path. */
  readonly file: string;
  readonly size: number;
  readonly dataStart: number;
  /** As in the file. */
  readonly header: string;
  readonly tensors: Map<string, TensorInfo>;
  /** The file's metadata. */
  readonly metadata: Readonly<Record<string, string | undefined>>;
}

/** The same with the header's metadata. */
export async function readSafetensorsFile(path: string): Promise<SafetensorsFile> {
  try {
    return await readHeader(path);
  } catch (error) {
    throw systemCode(error) === undefined ? error : unreadable(path, error);
  }
}

async function readHeader(path: string): Promise<SafetensorsFile> {
  const file = await realpath(path).catch((cause: unknown) => {
    if (systemCode(cause) !== 'ENOENT') throw unreadable(path, cause);
    const message = `${path} does not exist (or links to a file that does not)`;
    throw new EngineError('model_file_missing', message, {
      remedy: 'download the model again',
      details: { file: path },
      cause,
    });
  });
  await using handle = await open(file);
  const { size } = await handle.stat();
  const kind = await recogniseFile(file);
  if (kind) {
    throw new EngineError(kind.code, `${path} is ${kind.what}`, { remedy: kind.help, details: { file: path } });
  }
  const prefix = new DataView(new ArrayBuffer(8));
  const { bytesRead } = await handle.read(prefix, 0, 8, 0);
  const headerLength = bytesRead === 8 ? Number(prefix.getBigUint64(0, true)) : Number.NaN;
  if (!(headerLength >= 2 && headerLength <= MAX_HEADER_BYTES && 8 + headerLength <= size)) {
    const claim = Number.isNaN(headerLength) ? 'has no header' : `claims a header of ${headerLength} bytes`;
    throw corrupt(path, `${claim} but the file has ${size} bytes: it is truncated or not a safetensors file`);
  }
  const header = Buffer.alloc(headerLength);
  await handle.read(header, 0, headerLength, 8);
  const text = header.toString('utf8');
  const dataStart = 8 + headerLength;
  const tensors = new Map<string, TensorInfo>();
  let metadata = {};
  for (const [name, entry] of parseHeader(text, path)) {
    if (name === '__metadata__') metadata = textsOf(entry);
    else tensors.set(name, tensorInfo(name, entry, { path, file, size, base: dataStart }));
  }
  return { file, size, dataStart, header: text, tensors, metadata };
}

/** The format only allows strings; anything else is ignored. */
function textsOf(entry: unknown): Record<string, string> {
  const entries = Object.entries(isJsonObject(entry) ? entry : {});
  return Object.fromEntries(entries.flatMap(([key, value]) => (typeof value === 'string' ? [[key, value]] : [])));
}

function parseHeader(text: string, path: string): [string, unknown][] {
  try {
    const header: unknown = JSON.parse(text);
    if (typeof header === 'object' && header !== null && !Array.isArray(header)) return Object.entries(header);
  } catch (cause) {
    throw corrupt(path, 'its header is not JSON: the file is damaged or not a safetensors file', cause);
  }
  throw corrupt(path, 'its header is not a JSON object');
}

interface FileFacts {
  readonly path: string;
  readonly file: string;
  readonly size: number;
  readonly base: number;
}

function tensorInfo(name: string, entry: unknown, facts: FileFacts): TensorInfo {
  const { path, file, size, base } = facts;
  if (!isEntry(entry)) throw corrupt(path, `the header entry of tensor ${name} is malformed`, undefined, name);
  const { dtype, shape } = entry;
  const [begin, end] = entry.data_offsets;
  const width = BYTES_PER_ELEMENT.get(dtype);
  // Types of tensors that no network needs may be unknown.
  const expected =
    width === undefined ? Math.max(0, end - begin) : shape.reduce((product, side) => product * side, width);
  if (end - begin !== expected) {
    const problem = `tensor ${name} ${dtype} [${shape}] needs ${expected} bytes but its offsets give ${end - begin}`;
    throw corrupt(path, problem, undefined, name);
  }
  if (base + end > size) {
    const problem = `tensor ${name} ends at byte ${base + end} but the file has ${size}: it is truncated`;
    throw corrupt(path, problem, undefined, name);
  }
  return { file, dtype, shape, offset: base + begin, byteLength: expected };
}

interface HeaderEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

function isEntry(entry: unknown): entry is HeaderEntry {
  if (typeof entry !== 'object' || entry === null) return false;
  if (!('dtype' in entry && 'shape' in entry && 'data_offsets' in entry)) return false;
  const { dtype, shape, data_offsets: offsets } = entry;
  const isCount = (value: unknown) => Number.isSafeInteger(value) && Number(value) >= 0;
  return (
    typeof dtype === 'string' &&
    Array.isArray(shape) &&
    shape.every(isCount) &&
    Array.isArray(offsets) &&
    offsets.length === 2 &&
    offsets.every(isCount)
  );
}

function corrupt(file: string, problem: string, cause?: unknown, tensor?: string): EngineError {
  const details = tensor === undefined ? { file } : { file, tensor };
  return new EngineError('weights_corrupt', `${file}: ${problem}`, { details, cause });
}
