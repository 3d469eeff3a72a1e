/** A text and what is selected in it. */
export interface SelectedText {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** What `(words:1.2)` may weigh from a key; more is for those who type it. */
const WEIGHTS = { min: 0, max: 2 };

/** Of an opened or closed bracket that is meant as text. */
const ESCAPED = /\\[()]/;

/**
 * Changes the weight of the selected words, or of the word at the caret: `fox` becomes `(fox:1.1)`, `(fox:1.1)` becomes `(fox:1.2)`, and
 * weight 1 has no brackets.
 *
 * @returns undefined: there is no word, or its weight is at its limit
 * @example
 * weighWords({ text: 'a red fox', start: 2, end: 5 }, 0.1); // { text: 'a (red:1.1) fox', start: 3, end: 6 }
 */
export function weighWords(selected: SelectedText, change: number): SelectedText | undefined {
  const { text } = selected;
  const weighed = weighedAround(selected);
  const plain = weighed ?? wordsOf(selected);
  if (plain === undefined) return undefined;
  const { start, end } = plain;
  const words = text.slice(start, end);
  const weight = weighed?.weight ?? 1;
  const next = Math.round(100 * (weight + change)) / 100;
  if (next < WEIGHTS.min || next > WEIGHTS.max) return undefined;
  const [before, after] = [text.slice(0, weighed?.from ?? start), text.slice(weighed?.to ?? end)];
  const opened = next === 1 ? '' : '(';
  const closed = next === 1 ? '' : `:${next})`;
  const from = before.length + opened.length;
  return { text: `${before}${opened}${words}${closed}${after}`, start: from, end: from + words.length };
}

interface Weighed {
  /** Of the brackets. */
  readonly from: number;
  readonly to: number;
  /** Of the words in them. */
  readonly start: number;
  readonly end: number;
  readonly weight: number;
}

/** The innermost `(words:1.2)` that the selection is in, or is. */
function weighedAround({ text, start, end }: SelectedText): Weighed | undefined {
  const pattern = /\((?<words>(?:\\[()]|[^()])*):(?<weight>\d+(?:\.\d+)?)\)/g;
  for (const found of text.matchAll(pattern)) {
    const { words = '', weight = '1' } = found.groups ?? {};
    const [from, to] = [found.index, found.index + found[0].length];
    const isEscaped = ESCAPED.test(text.slice(Math.max(0, from - 1), from + 1));
    if (!isEscaped && from <= start && end <= to)
      return { from, to, start: from + 1, end: from + 1 + words.length, weight: Number(weight) };
  }
  return undefined;
}

/** The selection without the blanks around it, or the word that the caret is in or beside. */
function wordsOf({ text, start, end }: SelectedText): { readonly start: number; readonly end: number } | undefined {
  if (start < end) {
    const selected = text.slice(start, end);
    const words = selected.trim();
    const from = start + selected.indexOf(words);
    return words === '' ? undefined : { start: from, end: from + words.length };
  }
  const from = start - (/[\p{L}\p{M}\p{N}_'’-]*$/u.exec(text.slice(0, start))?.[0].length ?? 0);
  const to = start + (/^[\p{L}\p{M}\p{N}_'’-]*/u.exec(text.slice(start))?.[0].length ?? 0);
  return from === to ? undefined : { start: from, end: to };
}
