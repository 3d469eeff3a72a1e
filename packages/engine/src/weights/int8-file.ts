import { createHash, type Hash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { EngineError } from '../errors.ts';
import { isJsonObject } from '../model-files.ts';
import { readSafetensorsFile, type SafetensorsFile, type TensorInfo, type TensorTable } from './safetensors.ts';

/** Incremented when older files can no longer be used. */
const FORMAT = 'easel-int8-1';

/** What a part of the file was made from. */
export interface PartSource {
  /** Sizes and times of the weight files, sorted: while these match, the weights are unchanged. */
  readonly files: readonly FileState[];
  /** Checksum of the tensors' names, types, shapes and bytes. */
  readonly sha256: string;
}

interface FileState {
  readonly size: string;
  readonly modifiedNs: string;
}

/** Weights in 8 bits, in a file of the safetensors format beside the model. */
export interface Int8File {
  readonly path: string;
  /** Codes under `PART/KEY`, their scales under `PART/KEY.scales`. */
  readonly tensors: TensorTable;
  readonly sources: ReadonlyMap<string, PartSource>;
}

export interface PlannedTensor {
  readonly name: string;
  readonly dtype: 'I8' | 'F32';
  readonly shape: readonly number[];
}

/** Whether its beginning is that of a file of 8-bit weights, of this version or another. What follows may be damaged. */
export function beginsAsInt8File(path: string): boolean {
  const start = Buffer.alloc(8 + HEADER_START.length);
  try {
    const handle = openSync(path, 'r');
    try {
      readSync(handle, start, 0, start.length, 0);
    } finally {
      closeSync(handle);
    }
  } catch {
    return false;
  }
  return start.toString('latin1', 8) === HEADER_START;
}

/** As `Int8FileWriter` writes it, without the number of the version. */
const HEADER_START = '{"__metadata__":{"format":"easel-int8';

/**
 * Opens the file and verifies it: if its modification time is still that of its completion, it is unchanged; otherwise all of
 * it is read and compared with its checksum.
 *
 * @param remake the command that creates it, for messages
 * @throws EngineError `model_file_missing`, `weights_corrupt`
 */
export async function openInt8File(path: string, remake: string): Promise<Int8File> {
  const damaged = (problem: string, cause?: unknown) => {
    const remedy = `make it again with: ${remake}`;
    return new EngineError('weights_corrupt', `${path} ${problem}`, { remedy, details: { file: path }, cause });
  };
  const file = await readSafetensorsFile(path).catch((cause: unknown) => {
    if (cause instanceof EngineError && cause.code === 'model_file_missing') throw cause; // unreadable
    throw damaged('is damaged, or is not a file of 8-bit weights', cause);
  });
  const { format, written, sha256, sources } = file.metadata;
  if (format !== FORMAT)
    throw damaged(
      format?.startsWith('easel-int8') ? 'was made by another version of Easel' : 'is not a file of 8-bit weights',
    );
  const parsed = parseSources(sources);
  if (parsed === undefined || sha256 === undefined) throw damaged('is damaged');
  const { mtimeNs } = await stat(path, { bigint: true });
  if (String(mtimeNs) !== `${written}000000000` && (await checksum(file)) !== sha256) throw damaged('is damaged');
  return { path: file.file, tensors: file.tensors, sources: parsed };
}

/** Over the whole file, with zeros in place of the checksum itself. */
async function checksum({ file, dataStart, size, header, metadata }: SafetensorsFile): Promise<string> {
  await using handle = await open(file);
  const hash = createHash('sha256');
  await hashRange(handle, dataStart, size, hash);
  return finalChecksum(hash, header.replace(metadata.sha256 ?? '', NO_CHECKSUM));
}

const NO_CHECKSUM = '0'.repeat(64);

function finalChecksum(ofData: Hash, header: string): string {
  return createHash('sha256').update(ofData.digest('hex')).update(header).digest('hex');
}

const CHUNK_BYTES = 4 * 2 ** 20;

async function hashRange(handle: FileHandle, begin: number, end: number, hash: Hash): Promise<void> {
  const buffer = Buffer.alloc(Math.min(CHUNK_BYTES, end - begin));
  for (let at = begin; at < end; ) {
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, end - at), at);
    if (bytesRead === 0) return; // truncated meanwhile: the checksum will not match
    hash.update(buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
}

function parseSources(text: string | undefined): Map<string, PartSource> | undefined {
  try {
    const value: unknown = JSON.parse(text ?? '');
    if (!isJsonObject(value)) return undefined;
    const entries = Object.entries(value).map(([part, source]) => [part, asSource(source)] as const);
    const sources = new Map<string, PartSource>();
    for (const [part, source] of entries) {
      if (source === undefined) return undefined;
      sources.set(part, source);
    }
    return sources;
  } catch {
    return undefined;
  }
}

function asSource(value: unknown): PartSource | undefined {
  if (!isJsonObject(value) || !Array.isArray(value.files) || typeof value.sha256 !== 'string') return undefined;
  const files = value.files.flatMap((file: unknown) => {
    if (!isJsonObject(file)) return [];
    const { size, modifiedNs } = file;
    return typeof size === 'string' && typeof modifiedNs === 'string' ? [{ size, modifiedNs }] : [];
  });
  return { files, sha256: value.sha256 };
}

/** The files of some tensors by their metadata. */
export async function statesOf(tensors: Iterable<TensorInfo>): Promise<FileState[]> {
  const files = [...new Set([...tensors].map(({ file }) => file))].sort();
  const states = await Promise.all(files.map((file) => stat(file, { bigint: true })));
  return states.map(({ size, mtimeNs }) => ({ size: String(size), modifiedNs: String(mtimeNs) }));
}

/** Adds a tensor to a checksum: its description, then its bytes. */
export function describeTensor(hash: Hash, name: string, { dtype, shape, scale, transposed }: TensorInfo): void {
  hash.update(JSON.stringify([name, dtype, shape, scale ?? null, transposed ?? false]));
}

/** Whether tensors are the ones that a part was made from: by their files' sizes and times, and if these differ by their contents. */
export async function isSource(source: PartSource, tensors: ReadonlyMap<string, TensorInfo>): Promise<boolean> {
  const states = await statesOf(tensors.values());
  if (JSON.stringify(states) === JSON.stringify(source.files)) return true;
  const hash = createHash('sha256');
  for (const [name, tensor] of tensors) {
    await using handle = await open(tensor.file);
    describeTensor(hash, name, tensor);
    await hashRange(handle, tensor.offset, tensor.offset + tensor.byteLength, hash);
  }
  return hash.digest('hex') === source.sha256;
}

/**
 * Writes such a file under a temporary name beside it; only `finish` renames it. Disposing before that deletes it, and the next writer
 * deletes what a killed process left.
 */
export class Int8FileWriter implements AsyncDisposable {
  readonly #path: string;
  readonly #temporary: string;
  readonly #handle: FileHandle;
  readonly #tensors: readonly PlannedTensor[];
  readonly #written = String(Math.floor(Date.now() / 1000));
  readonly #dataStart: number;
  readonly #hash = createHash('sha256');
  #at: number;
  #isFinished = false;

  static async create(
    path: string,
    tensors: readonly PlannedTensor[],
    sources: ReadonlyMap<string, PartSource>,
  ): Promise<Int8FileWriter> {
    await removeLeftOvers(path);
    const temporary = join(dirname(path), `.${basename(path)}.${process.pid}-${Date.now()}${TEMPORARY}`);
    return new Int8FileWriter(path, temporary, await open(temporary, 'wx'), tensors, sources);
  }

  /** @param sources with any checksums, as long as the final ones */
  private constructor(
    path: string,
    temporary: string,
    handle: FileHandle,
    tensors: readonly PlannedTensor[],
    sources: ReadonlyMap<string, PartSource>,
  ) {
    this.#path = path;
    this.#temporary = temporary;
    this.#handle = handle;
    this.#tensors = tensors;
    this.#dataStart = 8 + Buffer.byteLength(this.#header(sources, NO_CHECKSUM));
    this.#at = this.#dataStart;
  }

  /** The tensors' bytes, in the planned order. */
  async write(values: Int8Array | Float32Array): Promise<void> {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    this.#hash.update(bytes);
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await this.#handle.write(bytes, done, bytes.length - done, this.#at + done);
      done += bytesWritten;
    }
    this.#at += bytes.length;
  }

  /**
   * Writes the header, verifies everything by reading it back, and renames the file.
   *
   * @returns its size
   * @throws EngineError `weights_corrupt` when the disk does not return what was written
   */
  async finish(sources: ReadonlyMap<string, PartSource>): Promise<number> {
    const header = this.#header(sources, NO_CHECKSUM);
    const sha256 = finalChecksum(this.#hash, header);
    const prefix = Buffer.alloc(8);
    prefix.writeBigUInt64LE(BigInt(this.#dataStart - 8));
    await this.#handle.write(Buffer.concat([prefix, Buffer.from(this.#header(sources, sha256))]), 0, undefined, 0);
    await this.#handle.sync();
    if ((await checksum(await readSafetensorsFile(this.#temporary))) !== sha256) {
      const message = `${this.#temporary} does not read back as it was written`;
      const remedy = 'check the disk, and try again';
      throw new EngineError('weights_corrupt', message, { remedy, details: { file: this.#temporary } });
    }
    await this.#handle.utimes(Number(this.#written), Number(this.#written));
    await this.#handle.close();
    await rename(this.#temporary, this.#path);
    this.#isFinished = true;
    return this.#at;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isFinished) return;
    await this.#handle.close().catch(() => undefined); // it may already be closed
    await rm(this.#temporary, { force: true });
  }

  #header(sources: ReadonlyMap<string, PartSource>, sha256: string): string {
    const metadata = {
      format: FORMAT,
      written: this.#written,
      sha256,
      sources: JSON.stringify(Object.fromEntries(sources)),
    };
    const entries: Record<string, unknown> = { __metadata__: metadata };
    let end = 0;
    for (const { name, dtype, shape } of this.#tensors) {
      const begin = end;
      end += shape.reduce((product, side) => product * side, dtype === 'I8' ? 1 : 4);
      entries[name] = { dtype, shape, data_offsets: [begin, end] };
    }
    const json = JSON.stringify(entries);
    return json.padEnd(Math.ceil((8 + json.length) / 64) * 64 - 8);
  }
}

const TEMPORARY = '.tmp';
/** No writer pauses this long: an older file was left by a killed process. */
const LEFT_OVER_MS = 10 * 60_000;

async function removeLeftOvers(path: string): Promise<void> {
  const folder = dirname(path);
  for (const name of await readdir(folder)) {
    if (!name.startsWith(`.${basename(path)}.`) || !name.endsWith(TEMPORARY)) continue;
    const { mtimeMs } = await stat(join(folder, name));
    if (Date.now() - mtimeMs > LEFT_OVER_MS) await rm(join(folder, name), { force: true });
  }
}
