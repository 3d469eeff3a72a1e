import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { builtInTokenizers, MAX_CHUNKS } from './clip-tokenizer.ts';
import { cutChunks, MAX_WEIGHT, readPromptSyntax } from './prompt-syntax.ts';

const [first] = await builtInTokenizers();

/** What AUTOMATIC1111's web UI makes of the same prompts; the first seven are its own examples. */
const weighted: readonly (readonly [prompt: string, ...pieces: (readonly [text: string, weight: number])[]])[] = [
  ['normal text', ['normal text', 1]],
  ['an (important) word', ['an ', 1], ['important', 1.1], [' word', 1]],
  ['(unbalanced', ['unbalanced', 1.1]],
  ['\\(literal\\]', ['(literal]', 1]],
  ['(unnecessary)(parens)', ['unnecessaryparens', 1.1]],
  ['a [word]', ['a ', 1], ['word', 1 / 1.1]],
  [
    'a (((house:1.3)) [on] a (hill:0.5), sun, (((sky))).',
    ['a ', 1],
    ['house', 1.573],
    [' ', 1.1],
    ['on', 1],
    [' a ', 1.1],
    ['hill', 0.55],
    [', sun, ', 1.1],
    ['sky', 1.4641],
    ['.', 1.1],
  ],
  ['((twice))', ['twice', 1.21]],
  ['(a: 1.5 ), (b:.5), (c:2.)', ['a', 1.5], [', ', 1], ['b', 0.5], [', ', 1], ['c', 2]],
  ['(a \\(b\\):1.5)', ['a (b)', 1.5]],
  ['back\\\\slash and \\n', ['back\\slash and n', 1]],
  ['10:30, 16:9) and a]', ['10:30, 16:9) and a]', 1]],
  ['(a:b)', ['a:b', 1.1]],
  ['(a:1.2.3)', ['a:1.2.3', 1.1]],
  ['(a (b:2) c:1.5)', ['a ', 1.5], ['b', 3], [' c', 1.5]],
  ['(gone:0), (against:-1)', ['gone', 0], [', ', 1], ['against', -1]],
  ['BREAK (stays)', ['BREAK ', 1], ['stays', 1.1]],
  ['()'],
  [''],
];

test.each(weighted.map(([prompt, ...pieces]) => ({ prompt, pieces })))(
  '$prompt has its weights',
  ({ prompt, pieces }) => {
    const [section, ...others] = readPromptSyntax(prompt, { promptWeighting: true });
    expect(others).toEqual([]);
    expect(section).toEqual(pieces.map(([text, weight]) => ({ text, weight: expect.closeTo(weight, 6) })));
  },
);

test('without the option brackets are text', () => {
  expect(readPromptSyntax('a (red:1.4) \\(fox\\) BREAK', {})).toEqual([
    [{ text: 'a (red:1.4) \\(fox\\) BREAK', weight: 1 }],
  ]);
});

test('a weight beyond what pictures survive is the largest that is taken', () => {
  expect(
    readPromptSyntax(`(a:1e9) (b:99999999999), (c:-50), ${'('.repeat(60)}d`, { promptWeighting: true })[0],
  ).toEqual([
    { text: 'a:1e9', weight: expect.closeTo(1.1, 6) },
    { text: ' ', weight: 1 },
    { text: 'b', weight: MAX_WEIGHT },
    { text: ', ', weight: 1 },
    { text: 'c', weight: -MAX_WEIGHT },
    { text: ', ', weight: 1 },
    { text: 'd', weight: MAX_WEIGHT },
  ]);
});

test('BREAK ends a section, also within brackets, but not within a word or behind a backslash', () => {
  const options = { promptWeighting: true, longPrompts: true };
  expect(readPromptSyntax('a BREAK (b BREAK c:2), BREAKDANCE, \\[BREAK', options)).toEqual([
    [{ text: 'a', weight: 1 }],
    [{ text: 'b', weight: 2 }],
    [
      { text: 'c', weight: 2 },
      { text: ', BREAKDANCE, [', weight: 1 },
    ],
    [],
  ]);
});

test('no prompt makes it throw or loses a letter, and it takes no more than linear time', () => {
  const piece = fc.constantFrom('(', ')', '[', ']', ':', '1.2', ':1.5)', 'BREAK', ' ', 'a', 'é', '\\', '\n', '🙂');
  const prompts = fc.array(piece, { maxLength: 100 }).map((pieces) => pieces.join(''));
  const letters = (text: string) => text.replaceAll(/[^aé🙂]/gu, '');
  fc.assert(
    fc.property(prompts, fc.boolean(), (prompt, longPrompts) => {
      const read = readPromptSyntax(prompt, { promptWeighting: true, longPrompts }).flat();
      expect(letters(read.map(({ text }) => text).join(''))).toBe(letters(prompt).replaceAll('BREAK', ''));
      for (const { weight } of read) expect(Number.isFinite(weight)).toBe(true);
    }),
  );
  for (const hostile of ['(', '(a', '[', '\\', ':', ': ', '(a:', 'BREAK ']) {
    readPromptSyntax(hostile.repeat(20_000 / hostile.length), { promptWeighting: true, longPrompts: true });
  }
});

describe('the chunks of a long prompt', () => {
  const words = (count: number) => Array.from({ length: count }, () => 'fox').join(' ');
  const lengths = (text: string) => first.encodeWith(text, { longPrompts: true }).chunks.map(({ length }) => length);

  test('have 75 tokens, and BREAK begins a new one', () => {
    expect(lengths(words(75))).toEqual([75]);
    expect(lengths(words(76))).toEqual([75, 1]);
    expect(lengths(`${words(10)} BREAK ${words(80)}`)).toEqual([10, 75, 5]);
    expect(lengths('')).toEqual([0]);
    expect(lengths('BREAK a BREAK BREAK b BREAK')).toEqual([1, 1]);
  });

  test('end after a comma that is near the end', () => {
    expect(lengths(`${words(60)}, ${words(20)}`)).toEqual([61, 20]);
    expect(lengths(`${words(50)}, ${words(40)}`)).toEqual([75, 16]);
    expect(lengths(`${words(74)}, ${words(5)}`)).toEqual([75, 5]);
    expect(lengths(`${words(60)}, ${words(14)}, ${words(5)}`)).toEqual([75, 6]);
  });

  test('are at most eight; what follows is truncated and told', () => {
    const { chunks, count, truncated } = first.encodeWith(`${words(600)} owl`, { longPrompts: true });
    expect(chunks).toHaveLength(MAX_CHUNKS);
    expect([count, truncated]).toEqual([601, 'owl']);
  });

  test('are each framed and padded like a whole text', () => {
    const { chunks } = first.encodeWith('a fox BREAK (an owl:2)', { longPrompts: true, promptWeighting: true });
    expect(chunks.map(({ ids }) => ids)).toEqual([first.encode('a fox').ids, first.encode('an owl').ids]);
    expect(chunks.map(({ weights }) => weights?.slice(0, 5))).toEqual([undefined, Float32Array.of(1, 2, 2, 1, 1)]);
  });
});

test('a text with nothing to read out is encoded as without the options', () => {
  const { ids, ...rest } = first.encode('a fox, (in snow');
  expect(first.encodeWith('a fox, (in snow', {})).toEqual({ ...rest, chunks: [{ ids, length: rest.count }] });
  const plain = first.encode('a fox');
  const { chunks } = first.encodeWith('a fox', { promptWeighting: true, longPrompts: true });
  expect(chunks).toEqual([{ ids: plain.ids, length: 2 }]);
});

test('a section without a comma in reach is cut where it is full', () => {
  const tokens = Array.from({ length: 7 }, (_, id) => ({ id, weight: 1 }));
  expect(cutChunks([tokens], { limit: 3, comma: undefined }).map((chunk) => chunk.map(({ id }) => id))).toEqual([
    [0, 1, 2],
    [3, 4, 5],
    [6],
  ]);
});
