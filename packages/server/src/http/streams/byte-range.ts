import type { ByteRange } from '../../pictures/image-store.ts';

const single = /^bytes=(?<first>\d*)-(?<last>\d*)$/;

/**
 * The part of a file that a header `Range` asks for (RFC 9110 §14.2). A range that is no single range of bytes is ignored, as the
 * standard allows: null. A range with nothing of the file in it: `unsatisfiable`.
 */
export function byteRange(header: string | undefined, size: number): ByteRange | null | 'unsatisfiable' {
  const parts = single.exec(header?.replaceAll(' ', '') ?? '')?.groups;
  if (!parts || (parts.first === '' && parts.last === '')) return null;
  const first = Number(parts.first);
  const last = Number(parts.last);
  if (parts.first === '') return last === 0 ? 'unsatisfiable' : { start: Math.max(0, size - last), end: size - 1 };
  if (parts.last !== '' && last < first) return null;
  if (first >= size) return 'unsatisfiable';
  return { start: first, end: parts.last === '' ? size - 1 : Math.min(last, size - 1) };
}
