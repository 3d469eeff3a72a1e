const words = new Intl.Segmenter(undefined, { granularity: 'word' });
const characters = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/**
 * Breaks a text into lines that fit: between words, which not all writing systems have spaces between, and within a word that is longer than a line.
 *
 * @param most lines; what does not fit into them is cut with an ellipsis
 */
export function breakLines(text: string, most: number, fits: (line: string) => boolean): readonly string[] {
  const lines: string[] = [];
  let line = '';
  const add = (part: string) => {
    if (line !== '' && !fits((line + part).trimEnd())) {
      lines.push(line.trimEnd());
      line = '';
    }
    line += part;
  };
  for (const piece of piecesOf(text.replace(/\s+/g, ' ').trim())) {
    for (const part of fits(piece.trimEnd()) ? [piece] : charactersOf(piece)) add(part);
    if (lines.length > most) break;
  }
  if (line !== '') lines.push(line.trimEnd());
  if (lines.length <= most) return lines;
  return [...lines.slice(0, most - 1), cutOff(lines[most - 1] ?? '', fits)];
}

function cutOff(line: string, fits: (line: string) => boolean): string {
  const kept = charactersOf(line);
  while (kept.length > 1 && !fits(`${kept.join('').trimEnd()}…`)) kept.pop();
  return `${kept.join('').trimEnd()}…`;
}

function charactersOf(text: string): string[] {
  return Array.from(characters.segment(text), ({ segment }) => segment);
}

const OPENING = /^[\p{Ps}\p{Pi}]+$/u;
const HAS_WORD = /[\p{L}\p{N}]/u;

/** What is not broken unless it has to be: a word with the punctuation around it, and the space behind it. */
function piecesOf(text: string): readonly string[] {
  const pieces: string[] = [];
  for (const { segment, isWordLike = false } of words.segment(text)) {
    const last = pieces.at(-1);
    const isFirst = last === undefined || (last.endsWith(' ') && segment !== ' ');
    const isApart = isWordLike ? HAS_WORD.test(last ?? '') : OPENING.test(segment);
    if (isFirst || isApart) pieces.push(segment);
    else pieces[pieces.length - 1] = last + segment;
  }
  return pieces;
}

const RIGHT_TO_LEFT =
  /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}\p{Script=Adlam}]/u;

/** The direction of a text: that of its first letter, as `dir="auto"` has it. */
export function directionOf(text: string): 'ltr' | 'rtl' {
  return RIGHT_TO_LEFT.test(/\p{L}/u.exec(text)?.[0] ?? '') ? 'rtl' : 'ltr';
}
