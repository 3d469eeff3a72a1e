import { readdirSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { fixturePath, intsOf, readFixture, readFixtureJson } from '../../test/fixtures.ts';
import { EngineError } from '../errors.ts';
import { builtInTokenizers, type ClipTokenizer, createClipTokenizer } from './clip-tokenizer.ts';

interface Row {
  readonly text: string;
  /** Not truncated, with both markers. */
  readonly ids_1: readonly number[];
  readonly ids_2: readonly number[];
}
const golden = readFixtureJson<{ pad_1: number; pad_2: number; rows: Row[] }>('tokenizer.json');

let first: ClipTokenizer;
let second: ClipTokenizer;
beforeAll(async () => {
  [first, second] = await builtInTokenizers();
});

describe('against the reference', () => {
  test.each(golden.rows)('the 77 ids of $text', ({ text, ids_1, ids_2 }) => {
    expectEncoded(first, text, ids_1, golden.pad_1);
    expectEncoded(second, text, ids_2, golden.pad_2);
  });

  const cases = readdirSync(fixturePath('cases')).filter((name) => name.endsWith('.json'));
  test.each(cases)('the prompts of %s', (name) => {
    const run = readFixtureJson<Record<string, unknown>>(`cases/${name}`);
    const tensors = readFixture(`cases/${name.replace('.json', '.safetensors')}`);
    const texts = ['prompt', 'negative', 'prompt_2', 'negative_2'].flatMap((field) => {
      const text = run[field];
      return typeof text === 'string' ? [{ field, text }] : [];
    });
    expect(texts.length).toBeGreaterThan(0);
    for (const { field, text } of texts) {
      expect(first.encode(text).ids).toEqual(intsOf(tensors, `${field}.ids_1`));
      expect(second.encode(text).ids).toEqual(intsOf(tensors, `${field}.ids_2`));
    }
  });
});

describe('long texts', () => {
  const long = readFixtureJson<{ prompt: string; negative: string }>('cases/07_long_prompt_cfg.json');
  const cutOff =
    ', flower boxes , reflections in puddles , soft volumetric light , masterpiece , intricate , 8 k , trending , ' +
    'golden ratio composition , film grain';

  test('what lies beyond 75 tokens is cut off and reported, decoded from its tokens', () => {
    expect(readFixtureJson<{ prompt: string }>('cases/06_long_prompt_no_cfg.json').prompt).toBe(long.prompt);
    for (const tokenizer of [first, second]) {
      expect(tokenizer.limit).toBe(75);
      expect(tokenizer.encode(long.prompt)).toMatchObject({ count: 104, truncated: cutOff });
      expect(tokenizer.encode(long.negative)).toMatchObject({ count: 120, truncated: `${', ugly '.repeat(22)},` });
    }
  });

  test('the reported text is what was written, but for case and spaces', () => {
    const letters = (text: string) => text.toLowerCase().replaceAll(' ', '');
    expect(letters(long.prompt).endsWith(letters(cutOff))).toBe(true);
  });

  test('exactly 75 tokens fit; one more is cut off', () => {
    const fitting = 'cat '.repeat(75);
    expect(first.encode(fitting)).toMatchObject({ count: 75, truncated: '' });
    expect(first.encode(fitting).ids[76]).toBe(first.eosId);
    expect(first.encode(`${fitting}dog`)).toMatchObject({ count: 76, truncated: 'dog' });
    expect(first.encode(`${fitting}dog`).ids).toEqual(first.encode(fitting).ids);
  });

  test('markers and exclamation marks that are cut off are reported too', () => {
    const text = `${'cat '.repeat(75)}wow!! a "caffè" <|endoftext|>🙂`;
    expect(first.encode(text).truncated).toBe('wow !! a " caffè " <|endoftext|>🙂');
    expect(second.encode(text).truncated).toBe('wow !!a " caffè " <|endoftext|>🙂');
  });
});

test('the two tokenizers may count differently: "!!" is one token of the first and two of the second', () => {
  expect([first.encode('wow!!').count, second.encode('wow!!').count]).toEqual([2, 3]);
});

test('an unpaired surrogate counts as U+FFFD', () => {
  for (const tokenizer of [first, second]) {
    expect(tokenizer.encode('a \ud800 b')).toEqual(tokenizer.encode('a \ufffd b'));
  }
});

test('nothing depends on the size of the vocabulary, and a missing marker is refused by name', () => {
  const vocabulary = { file: 'tokenizer/vocab.json', ids: { a: 0, 'a</w>': 1, 'aa</w>': 2, B: 3, E: 4 }, merges: [] };
  const options = { vocabulary, bosToken: 'B', eosToken: 'E', padTokenId: 2, specialBang: false, maxLength: 5 };
  const small = createClipTokenizer({ ...options, vocabulary: { ...vocabulary, merges: [['a', 'a</w>']] } });
  expect([small.limit, small.eosId]).toEqual([3, 4]);
  expect(small.encode('aa a')).toEqual({ ids: Int32Array.of(3, 2, 1, 4, 2), count: 2, truncated: '' });
  expect(() => createClipTokenizer({ ...options, eosToken: '<|endoftext|>' })).toThrow(EngineError);
  expect(() => createClipTokenizer({ ...options, specialBang: true })).toThrow(/tokenizer\/vocab\.json lacks .*"!"/);
});

/** The 77 ids follow from the untruncated ones: cut after 76 and close with the end marker, or pad. */
function expectEncoded(tokenizer: ClipTokenizer, text: string, full: readonly number[], pad: number): void {
  const { ids, count, truncated } = tokenizer.encode(text);
  const expected = full.length > 77 ? [...full.slice(0, 76), tokenizer.eosId] : full;
  expect([...ids]).toEqual([...expected, ...new Array<number>(77 - expected.length).fill(pad)]);
  expect(count).toBe(full.length - 2);
  expect(truncated === '').toBe(full.length <= 77);
}
