const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/**
 * The texts that tools keep in a PNG by their keywords, from `tEXt` (Latin-1) and uncompressed `iTXt` (UTF-8) chunks
 * (PNG, third edition, §11.3.3). A file that is no PNG has none; a keyword's first text counts.
 */
export function textsOfPng(bytes: Uint8Array): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  if (!signature.every((byte, index) => bytes[index] === byte)) return texts;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let place = signature.length; place + 12 <= bytes.length; ) {
    const length = view.getUint32(place);
    const type = latin1(bytes.subarray(place + 4, place + 8));
    const data = bytes.subarray(place + 8, place + 8 + length);
    const end = data.indexOf(0);
    const keyword = latin1(data.subarray(0, Math.max(0, Math.min(end, 79))));
    const text =
      type === 'tEXt' ? latin1(data.subarray(end + 1)) : type === 'iTXt' ? internationalText(data, end) : null;
    if (text !== null && end > 0 && !texts.has(keyword)) texts.set(keyword, text);
    if (type === 'IEND') break;
    place += 12 + length;
  }
  return texts;
}

/** Keyword, 0, compression flag, compression method, language, 0, translated keyword, 0, text. */
function internationalText(data: Uint8Array, end: number): string | null {
  if (data[end + 1] !== 0) return null;
  const language = data.indexOf(0, end + 3);
  const keyword = data.indexOf(0, language + 1);
  return language < 0 || keyword < 0 ? null : new TextDecoder().decode(data.subarray(keyword + 1));
}

function latin1(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
}
