import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { crc32, createInflateRaw } from 'node:zlib';
import { installFailure } from './package-index.ts';

/** A file that was unpacked. */
export interface UnpackedFile {
  readonly bytes: number;
  readonly sha256: string;
}

/** Where a member is in the archive. */
interface Member {
  readonly method: number;
  readonly crc: number;
  readonly packedBytes: number;
  readonly bytes: number;
  readonly header: number;
}

/**
 * The members of a wheel, which is a ZIP archive (APPNOTE.TXT, sections 4.3 and 4.4). Nothing is unpacked by its own name: members are
 * asked for one by one, and the caller says which file each becomes. Archives above 4 GB (ZIP64) and encrypted ones are refused.
 *
 * @example
 * ```ts
 * await using wheel = await Wheel.open('nvidia_curand-10.4.0.35-….whl');
 * await wheel.unpack('nvidia/cu13/lib/libcurand.so.10', 'lib/libcurand.so.10', signal);
 * ```
 */
export class Wheel implements AsyncDisposable {
  readonly #handle: FileHandle;
  readonly #file: string;
  readonly #members: ReadonlyMap<string, Member>;

  private constructor(handle: FileHandle, file: string, members: ReadonlyMap<string, Member>) {
    this.#handle = handle;
    this.#file = file;
    this.#members = members;
  }

  /** @throws CodedError `device_install_failed` if it is not a ZIP archive */
  static async open(file: string): Promise<Wheel> {
    const handle = await open(file);
    try {
      return new Wheel(handle, file, await readDirectory(handle, file));
    } catch (thrown) {
      await handle.close();
      throw thrown;
    }
  }

  /**
   * Writes a member into a new file, checks it, and flushes it to the disk.
   *
   * @throws CodedError `device_install_failed` if there is none or it is damaged; what the system says if the file cannot be written
   */
  async unpack(name: string, target: string, signal: AbortSignal): Promise<UnpackedFile> {
    const member = this.#members.get(name);
    if (member === undefined) throw damaged(this.#file, `has no ${name}`);
    const { packedBytes, bytes, crc } = member;
    const start = await this.#startOf(member);
    const hash = createHash('sha256');
    let [written, sum] = [0, 0];
    await using output = await open(target, 'wx');
    if (packedBytes > 0) {
      const packed = createReadStream(this.#file, { start, end: start + packedBytes - 1, highWaterMark: 2 ** 18 });
      const unpacked = member.method === 0 ? new PassThrough() : createInflateRaw({ chunkSize: 2 ** 18 });
      packed.on('error', (error) => unpacked.destroy(error));
      try {
        for await (const chunk of packed.pipe(unpacked)) {
          signal.throwIfAborted();
          if (!(chunk instanceof Uint8Array)) continue;
          written += chunk.length;
          if (written > bytes) throw damaged(this.#file, `has a ${name} that is larger than it says`);
          sum = crc32(chunk, sum);
          hash.update(chunk);
          await output.writeFile(chunk);
        }
      } catch (thrown) {
        if (thrown instanceof Error && 'errno' in thrown && 'code' in thrown && /^Z_/.test(String(thrown.code))) {
          throw damaged(this.#file, `has a damaged ${name}`);
        }
        throw thrown;
      } finally {
        packed.destroy();
      }
    }
    if (written !== bytes || sum !== crc) throw damaged(this.#file, `has a damaged ${name}`);
    await output.sync();
    return { bytes, sha256: hash.digest('hex') };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }

  /** Behind the member's own header, whose name and extra field may be longer than those of the directory. */
  async #startOf({ header }: Member): Promise<number> {
    const local = await readBytes(this.#handle, header, 30);
    if (local.length < 30 || local.readUInt32LE(0) !== 0x04034b50) throw damaged(this.#file, 'is damaged');
    return header + 30 + local.readUInt16LE(26) + local.readUInt16LE(28);
  }
}

/** Reads the directory at the end of the archive. */
async function readDirectory(handle: FileHandle, file: string): Promise<ReadonlyMap<string, Member>> {
  const { size } = await handle.stat();
  const tail = await readBytes(handle, Math.max(0, size - 65_557), 65_557); // the end record, and a comment of any length
  const end = tail.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  if (end === -1 || tail.length - end < 22) throw damaged(file, 'is not a ZIP archive');
  const [count, length, start] = [
    tail.readUInt16LE(end + 10),
    tail.readUInt32LE(end + 12),
    tail.readUInt32LE(end + 16),
  ];
  if (count === 0xffff || start === 0xffffffff) throw damaged(file, 'is a ZIP64 archive, which is not supported');
  const directory = await readBytes(handle, start, length);
  const members = new Map<string, Member>();
  for (let [entry, at] = [0, 0]; entry < count; entry++) {
    if (directory.length < at + 46 || directory.readUInt32LE(at) !== 0x02014b50) throw damaged(file, 'is damaged');
    const nameEnd = at + 46 + directory.readUInt16LE(at + 28);
    const name = directory.toString('utf8', at + 46, nameEnd);
    const method = directory.readUInt16LE(at + 10);
    if (members.has(name)) throw damaged(file, `has ${name} twice`);
    if ((method !== 0 && method !== 8) || (directory.readUInt16LE(at + 8) & 1) !== 0) {
      throw damaged(file, `has ${name} in a form that is not supported`);
    }
    members.set(name, {
      method,
      crc: directory.readUInt32LE(at + 16),
      packedBytes: directory.readUInt32LE(at + 20),
      bytes: directory.readUInt32LE(at + 24),
      header: directory.readUInt32LE(at + 42),
    });
    at = nameEnd + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  return members;
}

async function readBytes(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}

function damaged(file: string, what: string) {
  return installFailure(`the package ${file.split('/').at(-1)} ${what}; nothing was installed`, 'please report it');
}
