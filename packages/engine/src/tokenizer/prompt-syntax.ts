import type { PromptSyntax } from '@easel/parameters';

/** A piece of a prompt with the weight of all its tokens. */
export interface WeightedText {
  readonly text: string;
  readonly weight: number;
}

/** Of a bracket without a number. */
const STEP = 1.1;

/** Weights beyond this, of either sign, are taken as this: they only destroy the picture. */
export const MAX_WEIGHT = 10;

const token = /\\[\\()[\]]?|\(|\[|:\s*([+-]?(?:\d+\.?\d*|\.\d+))\s*\)|\)|\]|[^\\()[\]:]+|:/g;
const breaks = /\s*(?<![\p{L}\p{N}_])BREAK(?![\p{L}\p{N}_])\s*/u;

/**
 * Reads a prompt the way AUTOMATIC1111's web UI does. `(word:1.2)` multiplies the weight of the word by 1.2, `(word)` by 1.1, `[word]` by 1/1.1;
 * brackets nest, and one without its partner reaches to the end. A backslash makes the next bracket or backslash an ordinary
 * character, and is left out before anything else. `BREAK` ends a section, wherever it stands.
 *
 * @returns the sections, each with its pieces in order; neighbours of one weight are joined
 * @example
 * readPromptSyntax('a (red:1.4) fox', { promptWeighting: true });
 * // [[{ text: 'a ', weight: 1 }, { text: 'red', weight: 1.4 }, { text: ' fox', weight: 1 }]]
 */
export function readPromptSyntax(prompt: string, { promptWeighting, longPrompts }: PromptSyntax): WeightedText[][] {
  const pieces = promptWeighting ? readWeights(prompt) : [{ text: prompt, weight: 1, isLiteral: false }];
  const sections: WeightedText[][] = [[]];
  for (const { text, weight, isLiteral } of pieces) {
    const parts = longPrompts && !isLiteral ? text.split(breaks) : [text];
    for (const [index, part] of parts.entries()) {
      if (index > 0) sections.push([]);
      const section = sections.at(-1) ?? [];
      const last = section.at(-1);
      if (last?.weight === weight) section[section.length - 1] = { text: last.text + part, weight };
      else if (part !== '') section.push({ text: part, weight });
    }
  }
  return sections;
}

interface Piece {
  readonly text: string;
  weight: number;
  /** Escaped: not part of a keyword. */
  readonly isLiteral: boolean;
}

function readWeights(prompt: string): Piece[] {
  const pieces: Piece[] = [];
  const round: number[] = [];
  const square: number[] = [];
  const multiply = (start: number, factor: number) => {
    for (const piece of pieces.slice(start)) piece.weight = clamp(piece.weight * factor);
  };
  const close = (open: number[], factor: number) => {
    const start = open.pop();
    if (start !== undefined) multiply(start, factor);
    return start !== undefined;
  };
  for (const { 0: text, 1: number } of prompt.matchAll(token)) {
    if (text.startsWith('\\')) {
      pieces.push({ text: text.slice(1), weight: 1, isLiteral: true });
    } else if (text === '(') round.push(pieces.length);
    else if (text === '[') square.push(pieces.length);
    else if (number !== undefined && close(round, Number(number))) continue;
    else if (text === ')' && close(round, STEP)) continue;
    else if (text === ']' && close(square, 1 / STEP)) continue;
    else pieces.push({ text, weight: 1, isLiteral: false });
  }
  for (const start of round) multiply(start, STEP);
  for (const start of square) multiply(start, 1 / STEP);
  return pieces;
}

function clamp(weight: number): number {
  return Math.max(-MAX_WEIGHT, Math.min(MAX_WEIGHT, weight));
}

/** A token with its weight. */
export interface WeightedToken {
  readonly id: number;
  readonly weight: number;
}

/** Tokens after the last comma of a full chunk that move to the next chunk, so that phrases stay whole; the web UI's own number. */
const COMMA_DISTANCE = 20;

/** Cuts the tokens of each section into chunks that fit an encoder; a section begins a chunk, unless it is empty. There is at least one chunk. */
export function cutChunks(
  sections: readonly (readonly WeightedToken[])[],
  { limit, comma }: { readonly limit: number; readonly comma: number | undefined },
): WeightedToken[][] {
  const chunks: WeightedToken[][] = [];
  for (const section of sections) {
    for (let start = 0; start < section.length; ) {
      const end = start + limit < section.length ? chunkEnd(section, start, limit, comma) : section.length;
      chunks.push(section.slice(start, end));
      start = end;
    }
  }
  return chunks.length === 0 ? [[]] : chunks;
}

function chunkEnd(tokens: readonly WeightedToken[], start: number, limit: number, comma: number | undefined): number {
  const full = start + limit;
  if (tokens[full].id === comma) return full; // the phrase ends with the chunk
  for (let last = full - 1; last > start && last >= full - COMMA_DISTANCE; last--) {
    if (tokens[last].id === comma) return last + 1;
  }
  return full;
}
