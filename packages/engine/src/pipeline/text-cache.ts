import { createHash } from 'node:crypto';
import { readdir, readFile, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { TextEncoding, TextStore } from '../components/clip/encoder.ts';
import { isUnfinished, writeCacheFile } from './cache-folder.ts';

/** About a hundred prompts of SDXL's two encoders, 0.6 MB each. */
const MAX_BYTES = 64e6;
/** After which an unfinished file was left by a process that was killed. */
const ABANDONED_MS = 10 * 60_000;

const FORMAT = 'easel-text-1';

/**
 * Encoded texts in files, so that a prompt used before needs no encoder, in this process or another. Files are named by a hash of the key and
 * hold no text, but whoever can read them and has the model can check a guess. The least recently used are deleted.
 */
export class TextCache implements TextStore {
  readonly #folder: string;
  readonly #maxBytes: number;

  /** @param cacheDir in which the files get a folder of their own */
  constructor(cacheDir: string, maxBytes: number = MAX_BYTES) {
    this.#folder = join(cacheDir, 'texts');
    this.#maxBytes = maxBytes;
  }

  /** A damaged file is deleted. */
  async get(key: string): Promise<TextEncoding | undefined> {
    const file = this.#file(key);
    const bytes = await readFile(file).catch(() => undefined);
    if (bytes === undefined) return undefined;
    const encoding = parse(key, bytes);
    const now = new Date();
    await (encoding ? utimes(file, now, now) : rm(file, { force: true })).catch(() => undefined);
    return encoding;
  }

  /** Where the folder cannot be written, the only cost is an encoder pass in the next process. */
  async put(key: string, encoding: TextEncoding): Promise<void> {
    try {
      await writeCacheFile(this.#file(key), render(key, encoding));
      await this.#shrink();
    } catch {}
  }

  #file(key: string): string {
    return join(this.#folder, createHash('sha256').update(key).digest('hex'));
  }

  async #shrink(): Promise<void> {
    const found = await Promise.all((await readdir(this.#folder)).map((name) => stateOf(this.#folder, name)));
    const files = found.flatMap((state) => state ?? []);
    const old = Date.now() - ABANDONED_MS;
    const abandoned = files.filter(({ name, usedMs }) => isUnfinished(name) && usedMs < old);
    const entries = files.filter(({ name }) => /^[0-9a-f]{64}$/.test(name)).sort((a, b) => b.usedMs - a.usedMs);
    let bytes = 0;
    const excess = entries.filter((entry) => {
      bytes += entry.bytes;
      return bytes > this.#maxBytes;
    });
    for (const { name } of [...abandoned, ...excess]) await rm(join(this.#folder, name), { force: true });
  }
}

/** Undefined when another process has deleted it. */
async function stateOf(folder: string, name: string) {
  const state = await stat(join(folder, name)).catch(() => undefined);
  return state && { name, bytes: state.size, usedMs: state.mtimeMs };
}

/** A line of JSON with the numbers of values and a checksum of key and values; then the values as little-endian float32. */
function render(key: string, { hidden, pooled }: TextEncoding): Uint8Array {
  const values = Buffer.concat([bytesOf(hidden), bytesOf(pooled)]);
  const head = { format: FORMAT, hidden: hidden.length, pooled: pooled.length, sha256: checksum(key, values) };
  return Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), values]);
}

function parse(key: string, file: Buffer): TextEncoding | undefined {
  const end = file.indexOf('\n');
  const head = file.subarray(0, Math.max(0, end)).toString('utf8');
  const values = file.subarray(end + 1);
  const [, hidden, pooled] = /^\{"format":"easel-text-1","hidden":(\d+),"pooled":(\d+),/.exec(head) ?? [];
  const [hiddenLength, pooledLength] = [Number(hidden), Number(pooled)];
  const expected = { format: FORMAT, hidden: hiddenLength, pooled: pooledLength, sha256: checksum(key, values) };
  if (head !== JSON.stringify(expected) || values.length !== 4 * (hiddenLength + pooledLength)) return undefined;
  const floats = new Float32Array(new Uint8Array(values).buffer);
  return { hidden: floats.slice(0, hiddenLength), pooled: floats.slice(hiddenLength) };
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

function checksum(key: string, values: Uint8Array): string {
  return createHash('sha256').update(key).update('\n').update(values).digest('hex');
}
