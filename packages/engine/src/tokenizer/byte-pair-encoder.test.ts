import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { readFixtureJson } from '../../test/fixtures.ts';
import { type BytePairEncoder, createBytePairEncoder, prepareText } from './byte-pair-encoder.ts';
import { builtInVocabulary, type Vocabulary } from './vocabulary.ts';

const start = { content: '<|startoftext|>', id: 49406, normalized: true };
const end = { content: '<|endoftext|>', id: 49407, normalized: true };
const bang = { content: '!', id: 0, normalized: false };

interface Row {
  readonly text: string;
  /** Not truncated, between the two markers. */
  readonly ids_1: readonly number[];
  readonly ids_2: readonly number[];
}
const { rows } = readFixtureJson<{ rows: Row[] }>('tokenizer.json');

let first: BytePairEncoder;
let second: BytePairEncoder;
let obvious: (text: string, specialBang: boolean) => number[];
beforeAll(async () => {
  const vocabulary = await builtInVocabulary();
  first = createBytePairEncoder(vocabulary, [start, end], end.content);
  second = createBytePairEncoder(vocabulary, [bang, start, end], end.content);
  obvious = createObviousEncoder(vocabulary);
});

describe('untruncated ids of both tokenizers equal the reference', () => {
  test('the fixture holds 187 strings', () => expect(rows).toHaveLength(187));

  test.each(rows)('$text', ({ text, ids_1, ids_2 }) => {
    expect(idsOf(first, text)).toEqual(ids_1.slice(1, -1));
    expect(idsOf(second, text)).toEqual(ids_2.slice(1, -1));
    expect(obvious(text, false)).toEqual(ids_1.slice(1, -1));
    expect(obvious(text, true)).toEqual(ids_2.slice(1, -1));
  });
});

describe('what is white space', () => {
  const a = 320; // a</w>
  const b = 321; // b</w>

  test('every character of Unicode White_Space separates words, in runs too; U+0085 among them', () => {
    const spaces = [...'\t\n\v\f\r \u0085\u00a0\u1680\u2028\u2029\u202f\u205f\u3000'];
    for (let code = 0x2000; code <= 0x200a; code++) spaces.push(String.fromCodePoint(code));
    expect(spaces).toHaveLength(25);
    for (const space of spaces) {
      expect(idsOf(first, `a${space}b`)).toEqual([a, b]);
      expect(idsOf(second, `${space}a${space}${space}b${space}`)).toEqual([a, b]);
    }
  });

  test.each([
    ['U+FEFF, which JavaScript’s \\s has', '\ufeff'],
    ['U+001C, which Python’s isspace has', '\u001c'],
    ['U+180E, white space before Unicode 6.3', '\u180e'],
    ['U+200B, zero width', '\u200b'],
  ])('%s, is none: it is a word of its own between letters', (_, character) => {
    for (const encoder of [first, second]) {
      const word = idsOf(encoder, character);
      expect(word.length).toBeGreaterThan(0);
      expect(idsOf(encoder, `a${character}b`)).toEqual([a, ...word, b]);
      expect(idsOf(encoder, ` ${character} `)).toEqual(word);
    }
  });
});

test('any text gives the ids of the slow, obvious version', () => {
  const special = fc.constantFrom('!', ' ', "'s", "'LL", '<|endoftext|>', '<|STARTOFTEXT|>', '</w>', 'Σ', 'İ', 'ǅ');
  const unusual = fc.constantFrom('e\u0301', '\ufeff', '\u0085', '\u001c', '\u200d', '½', '…', '🙂', '漢字', '\ud800');
  const ordinary = fc.constantFrom('the', 'Cat', '10', 'photograph', ',');
  const piece = fc.oneof(special, unusual, ordinary, fc.string({ unit: 'binary', maxLength: 4 }));
  const text = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(text, (given) => {
      expect(idsOf(first, given)).toEqual(obvious(given, false));
      expect(idsOf(second, given)).toEqual(obvious(given, true));
    }),
    { numRuns: 1000 },
  );
});

test('lower case has no context, composition comes before it, and an unpaired surrogate becomes U+FFFD', () => {
  expect(prepareText('ΣΊΣΥΦΟΣ')).toBe('σίσυφοσ');
  expect(prepareText('İ')).toBe('i\u0307');
  expect(prepareText('Ⅷ Ⓐ ǅ 𐐀')).toBe('ⅷ ⓐ ǆ 𐐨');
  expect(prepareText('CAFE\u0301')).toBe('caf\u00e9');
  expect(prepareText('a\ud800')).toBe('a\ufffd');
});

test('decoding gives the words back, separated by spaces', () => {
  const options = { skip_special_tokens: false, clean_up_tokenization_spaces: false };
  expect(first.decode(idsOf(first, "A Café, don't <|endoftext|>"), options)).toBe("a café , don 't <|endoftext|>");
});

function idsOf(encoder: BytePairEncoder, text: string): number[] {
  return encoder.encode(prepareText(text), { add_special_tokens: false }).ids;
}

/** CLIP's tokenisation step by step: one character, then one merge at a time. */
function createObviousEncoder({ ids, merges }: Vocabulary): (text: string, specialBang: boolean) => number[] {
  const ranks = new Map(merges.map(([left, right], rank) => [`${left} ${right}`, rank]));
  const byteCharacters = createByteCharacters();

  return (text, specialBang) => {
    const pieces = specialBang ? text.split(/(!)/) : [text];
    return pieces.flatMap((piece) => (specialBang && piece === '!' ? [0] : pieceIds(piece)));
  };

  function pieceIds(piece: string): number[] {
    const normal = [...piece.toWellFormed().normalize('NFC')].map((character) => character.toLowerCase()).join('');
    return normal.split(/(<\|startoftext\|>|<\|endoftext\|>)/).flatMap((part) => {
      if (part === start.content) return [start.id];
      if (part === end.content) return [end.id];
      return wordsOf([...part]).flatMap(wordIds);
    });
  }

  function wordIds(word: string): number[] {
    const symbols = [...Buffer.from(word)].map((byte) => byteCharacters[byte]);
    symbols[symbols.length - 1] += '</w>';
    for (;;) {
      const pairRanks = symbols.slice(1).map((right, i) => ranks.get(`${symbols[i]} ${right}`) ?? Infinity);
      const lowest = Math.min(...pairRanks);
      if (lowest === Infinity) return symbols.map((symbol) => ids[symbol]);
      const at = pairRanks.indexOf(lowest);
      symbols.splice(at, 2, symbols[at] + symbols[at + 1]);
    }
  }
}

function wordsOf(characters: readonly string[]): string[] {
  const words: string[] = [];
  for (let at = 0; at < characters.length; ) {
    const rest = characters.slice(at);
    const contraction = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"].find((ending) =>
      rest.join('').startsWith(ending),
    );
    const length =
      contraction?.length ?? Math.max(runOf(rest, isLetter), isNumber(rest[0]) ? 1 : 0, runOf(rest, isOther));
    if (length > 0) words.push(rest.slice(0, length).join(''));
    at += Math.max(length, 1);
  }
  return words;
}

function runOf(characters: readonly string[], belongs: (character: string) => boolean): number {
  const outside = characters.findIndex((character) => !belongs(character));
  return outside === -1 ? characters.length : outside;
}

const isLetter = (character: string) => /^\p{L}$/u.test(character);
const isNumber = (character: string) => /^\p{N}$/u.test(character);
const isSpace = (character: string) => /^\p{White_Space}$/u.test(character);
const isOther = (character: string) => !isLetter(character) && !isNumber(character) && !isSpace(character);

/** Visible Latin-1 bytes stand for themselves, the other 68 for U+0100 upwards. */
function createByteCharacters(): string[] {
  const visible = (byte: number) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  let hidden = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(visible(byte) ? byte : hidden++));
}
