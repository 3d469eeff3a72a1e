const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** Far more than any settings; what is larger is something else, or there to do harm. */
const LARGEST = 1_000_000;

/**
 * The texts that tools keep in a PNG by their keywords, from `tEXt` and `zTXt` (Latin-1) and `iTXt` (UTF-8) chunks, compressed or not
 * (PNG, third edition, §11.3.3). A file that is no PNG has none; a keyword's first text counts; one over a megabyte is left out.
 */
export async function textsOfPng(bytes: Uint8Array<ArrayBuffer>): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>();
  if (!signature.every((byte, index) => bytes[index] === byte)) return texts;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let place = signature.length; place + 12 <= bytes.length; ) {
    const length = view.getUint32(place);
    const type = latin1(bytes.subarray(place + 4, place + 8));
    const data = bytes.subarray(place + 8, place + 8 + length);
    const end = data.indexOf(0);
    if (end > 0 && end < 80 && data.length <= LARGEST) {
      const keyword = latin1(data.subarray(0, end));
      const text = await textOf(type, data.subarray(end + 1));
      if (text !== null && !texts.has(keyword)) texts.set(keyword, text);
    }
    if (type === 'IEND') break;
    place += 12 + length;
  }
  return texts;
}

/** What follows the keyword, by the kind of the chunk; null when it cannot be read. */
async function textOf(type: string, data: Uint8Array<ArrayBuffer>): Promise<string | null> {
  if (type === 'tEXt') return latin1(data);
  if (type === 'zTXt') return map(await inflated(data.subarray(1)), latin1);
  if (type !== 'iTXt') return null;
  // Compression flag, compression method, language, 0, translated keyword, 0, text.
  const language = data.indexOf(0, 2);
  const keyword = data.indexOf(0, language + 1);
  if (language < 0 || keyword < 0) return null;
  const text = data.subarray(keyword + 1);
  return map(data[0] === 0 ? text : await inflated(text), (read) => new TextDecoder().decode(read));
}

/** Null where it is damaged, or grows too large. */
async function inflated(data: Uint8Array<ArrayBuffer>): Promise<Uint8Array | null> {
  const stream = new Blob([data]).stream().pipeThrough(new DecompressionStream('deflate'));
  const reader = stream.getReader();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  try {
    for (let size = 0; ; ) {
      const { done, value } = await reader.read();
      if (done) return new Uint8Array(await new Blob(parts).arrayBuffer());
      size += value.length;
      if (size > LARGEST) return null;
      parts.push(value);
    }
  } catch {
    return null;
  } finally {
    await reader.cancel().catch(() => {});
  }
}

function map<From, To>(value: From | null, to: (value: From) => To): To | null {
  return value === null ? null : to(value);
}

function latin1(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
}
