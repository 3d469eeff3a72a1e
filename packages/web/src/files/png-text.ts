const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/**
 * The text that tools keep in a PNG of how it was made: the chunk `parameters`, as `tEXt` (Latin-1) or uncompressed `iTXt` (UTF-8)
 * (PNG, third edition, §11.3.3). Null when there is none.
 */
export function parametersOfPng(bytes: Uint8Array): string | null {
  if (!signature.every((byte, index) => bytes[index] === byte)) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let place = signature.length; place + 12 <= bytes.length; ) {
    const length = view.getUint32(place);
    const type = latin1(bytes.subarray(place + 4, place + 8));
    const data = bytes.subarray(place + 8, place + 8 + length);
    const text = type === 'tEXt' ? textOf(data) : type === 'iTXt' ? internationalTextOf(data) : null;
    if (text !== null) return text;
    if (type === 'IEND') return null;
    place += 12 + length;
  }
  return null;
}

function textOf(data: Uint8Array): string | null {
  const end = data.indexOf(0);
  return isParameters(data, end) ? latin1(data.subarray(end + 1)) : null;
}

/** Keyword, 0, compression flag, compression method, language, 0, translated keyword, 0, text. */
function internationalTextOf(data: Uint8Array): string | null {
  const end = data.indexOf(0);
  if (!isParameters(data, end) || data[end + 1] !== 0) return null;
  const language = data.indexOf(0, end + 3);
  const keyword = data.indexOf(0, language + 1);
  return language < 0 || keyword < 0 ? null : new TextDecoder().decode(data.subarray(keyword + 1));
}

function isParameters(data: Uint8Array, end: number): boolean {
  return end > 0 && latin1(data.subarray(0, end)) === 'parameters';
}

function latin1(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
}
