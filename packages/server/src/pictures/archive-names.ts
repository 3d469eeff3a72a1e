import { fileNameOf, type ImageRecord } from './images.ts';

/** A picture, and what its file can be named after. */
export interface NamedPicture {
  readonly image: Pick<ImageRecord, 'name' | 'format' | 'seed'>;
  readonly job: {
    readonly prompt: string | null;
    readonly request: { readonly imported?: { readonly file_name: string | null } };
  };
}

/** Of a prompt, so that names stay readable and paths short enough for Windows. */
const MOST_CHARACTERS = 60;

/**
 * Names for files, after the prompts and seeds of their pictures, or after the file that was imported; each occurs once, whatever the case.
 * A picture of 'a red apple' with the seed 42 becomes `a-red-apple-42.png`.
 */
export function archiveNames(pictures: readonly NamedPicture[]): string[] {
  const taken = new Set<string>(['metadata.json']);
  return pictures.map((picture) => {
    const ending = fileNameOf(picture.image).slice(picture.image.name.length);
    const stem = stemOf(picture);
    let name = `${stem}${ending}`;
    for (let number = 2; taken.has(name.toLowerCase()); number += 1) name = `${stem}-${number}${ending}`;
    taken.add(name.toLowerCase());
    return name;
  });
}

function stemOf({ image: { seed }, job: { prompt, request } }: NamedPicture): string {
  const imported = request.imported?.file_name ?? undefined;
  const words = wordsOf(prompt ?? '');
  if (words !== '') return `${words}-${seed}`;
  const own = imported === undefined ? '' : wordsOf(imported.replace(/\.[A-Za-z]{3,4}$/, ''));
  // With something before it, so that no name is one that Windows reserves.
  return own === '' ? `picture-${seed}` : `imported-${own}`;
}

/** Letters and digits of any script, with hyphens between them. */
function wordsOf(text: string): string {
  const words = text.normalize('NFC').match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];
  return [...words.join('-')].slice(0, MOST_CHARACTERS).join('').replace(/-+$/, '');
}
