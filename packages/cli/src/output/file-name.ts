import { extname, join, parse } from 'node:path';

/** Bytes of the prompt in a name; file systems stop at 255 in all. */
const MAX_SLUG_LENGTH = 80;

/**
 * A prompt as the beginning of a file's name: letters (of any script) and digits in lower case, all else a hyphen, cut between words.
 *
 * @example slug('A red apple, on blue!') // 'a-red-apple-on-blue'
 */
export function slug(prompt: string): string {
  const words =
    prompt
      .normalize('NFC')
      .toLowerCase()
      .match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
  let name = '';
  for (const word of words) {
    const longer = name === '' ? word : `${name}-${word}`;
    if (Buffer.byteLength(longer) > MAX_SLUG_LENGTH) break;
    name = longer;
  }
  return name === '' ? 'picture' : name;
}

/** `out.png` and `-2` make `out-2.png`. */
export function withSuffix(path: string, suffix: string): string {
  const extension = extname(path);
  return `${path.slice(0, path.length - extension.length)}${suffix}${extension}`;
}

/** The first of `path`, `path_2`, `path_3`, … (before the extension) for which `taken` is false. */
export function freeName(path: string, taken: (candidate: string) => boolean): string {
  let candidate = path;
  for (let number = 2; taken(candidate); number += 1) candidate = withSuffix(path, `_${number}`);
  return candidate;
}

/** `out.png` has its previews in `out.preview.png`. */
export function previewName(path: string): string {
  const { dir, name } = parse(path);
  return join(dir, `${name}.preview.png`);
}
