import { open } from 'node:fs/promises';
import type { EngineErrorCode } from './errors.ts';

/** The actual kind of a file that is not a safetensors file. */
export interface FileKind {
  /** As in "it is …". */
  readonly what: string;
  /** What to do about it. */
  readonly help: string;
  readonly code: EngineErrorCode;
}

/** The number of bytes that detection needs. */
const HEAD_BYTES = 512;

/** Detects a file's kind from its first bytes, regardless of its name; undefined: unknown. */
export async function recogniseFile(path: string): Promise<FileKind | undefined> {
  await using handle = await open(path);
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
  return kindOfBytes(buffer.subarray(0, bytesRead));
}

const GIVE_A_MODEL = 'give a diffusers folder or a .safetensors file';

/** Formats by their first bytes. */
const signatures: readonly (readonly [offset: number, bytes: string, what: string])[] = [
  [0, '\xff\xd8\xff', 'a JPEG picture'],
  [0, '\x89PNG\r\n', 'a PNG picture'],
  [0, 'GIF8', 'a GIF picture'],
  [8, 'WEBP', 'a WebP picture'],
  [4, 'ftyp', 'a video or an AVIF or HEIC picture'],
  [0, '%PDF', 'a PDF document'],
  [0, '\x1f\x8b', 'a gzip archive'],
  [0, '7z\xbc\xaf', 'a 7-Zip archive'],
  [0, 'Rar!', 'a RAR archive'],
  [257, 'ustar', 'a tar archive'],
  [0, '\x93NUMPY', 'a NumPy array'],
  [0, '\x7fELF', 'a program'],
  [0, 'MZ', 'a Windows program'],
];

/** @param head the first bytes of the file, 512 or all of them */
export function kindOfBytes(head: Buffer): FileKind | undefined {
  const text = head.toString('latin1');
  if (text === '') return kind('empty (0 bytes)', 'download it again', 'weights_corrupt');
  if (isSafetensors(head)) return undefined;
  if (text.startsWith('version https://git-lfs.github.com/spec/'))
    return kind(
      `a Git LFS pointer${lfsSize(text)}, not the file that it stands for`,
      'run `git lfs pull` in that repository, or download the file itself',
      'model_file_missing',
    );
  if (text.startsWith('GGUF')) return conversion('a GGUF file (llama.cpp, stable-diffusion.cpp)');
  if (text.startsWith('\x89HDF')) return conversion('an HDF5 file (Keras)');
  if (isPickle(head)) return pickle();
  if (text.startsWith('PK\x03\x04')) return kind('a ZIP archive', `unpack it, then ${GIVE_A_MODEL}`);
  if (isOnnx(head)) return conversion('an ONNX model');
  if (/^\s*<(!doctype|html|\?xml)/i.test(text))
    return kind(
      'a web page (HTML) saved in place of the file',
      'download the file itself; the page may say why it was not served (a login, a licence to accept)',
      'weights_corrupt',
    );
  if (/^\s*[[{]/.test(text)) return kind('a JSON text', GIVE_A_MODEL);
  const found = signatures.find(([offset, bytes]) => text.startsWith(bytes, offset));
  return found && kind(found[2], GIVE_A_MODEL);
}

/** A header of less than 16 MB is announced and begins like JSON: if anything else is wrong, it is a damaged safetensors file. */
function isSafetensors(head: Buffer): boolean {
  return head.length > 8 && [3, 4, 5, 6, 7].every((index) => head[index] === 0) && head[8] === 0x7b;
}

/** PyTorch's ZIP with its pickle as the first entry, or a bare pickle of protocol 2 to 5. */
function isPickle(head: Buffer): boolean {
  const text = head.toString('latin1');
  if (text.startsWith('PK\x03\x04')) return /\/(data\.pkl|\.format_version)/.test(text);
  return head[0] === 0x80 && head[1] >= 2 && head[1] <= 5;
}

/** A ModelProto begins with its ir_version (field 1) and then the producer (2), the graph (7) or an opset (8), by the order of onnx.proto. */
function isOnnx(head: Buffer): boolean {
  return head[0] === 0x08 && head[1] > 0 && head[1] < 32 && [0x12, 0x3a, 0x42].includes(head[2]);
}

function kind(what: string, help: string, code: EngineErrorCode = 'model_unsupported'): FileKind {
  return { what, help, code };
}

function pickle(): FileKind {
  const help =
    'it can run programs when it is opened, so it is not read; take the .safetensors file of the same model, or save the model again as safetensors';
  return kind('a PyTorch pickle (.ckpt, .pt, .bin)', help);
}

function conversion(what: string): FileKind {
  return kind(what, 'it is a conversion; take the original .safetensors weights of the model');
}

function lfsSize(pointer: string): string {
  const bytes = /^size (\d+)$/m.exec(pointer)?.[1];
  return bytes === undefined ? '' : ` to ${bytes} bytes`;
}
