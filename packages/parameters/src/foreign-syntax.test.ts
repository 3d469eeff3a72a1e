import fc from 'fast-check';
import { expect, test } from 'vitest';
import { foreignSyntax, type SyntaxKind } from './foreign-syntax.ts';

const cases: readonly (readonly [prompt: string, ...found: (readonly [SyntaxKind, string])[]])[] = [
  [
    '(masterpiece:1.3), <lora:foo:1>, BREAK, a cat',
    ['weight', '(masterpiece:1.3)'],
    ['LoRA', '<lora:foo:1>'],
    ['BREAK', 'BREAK'],
  ],
  ['a (red:1.4) apple and a (blue:.5) one', ['weight', '(red:1.4)'], ['weight', '(blue:.5)']],
  ['a (red apple:2) here', ['weight', '(red apple:2)']],
  ['((detailed)), (((sharp)))', ['weight', '((detailed))'], ['weight', '(((sharp)))']],
  ['(a cat)1.3 and (a dog)++', ['weight', '(a cat)1.3'], ['weight', '(a dog)++']],
  ['[blurry] trees', ['weight', '[blurry]']],
  ['a [cat:dog:0.5] on [grass|sand]', ['alternatives', '[cat:dog:0.5]'], ['alternatives', '[grass|sand]']],
  ['a {red|green} apple, {{big}}', ['alternatives', '{red|green}'], ['weight', '{{big}}']],
  ['a cat by __artist__', ['wildcard', '__artist__']],
  ['a cat AND a dog', ['AND', 'AND']],
  ['a cat\nBREAK\na dog', ['BREAK', 'BREAK']],
  ['a cat, embedding:EasyNegative', ['embedding', 'embedding:EasyNegative']],
  ['a cat --ar 16:9 --v 6', ['option', '--ar 16:9'], ['option', '--v 6']],
  ['miku \\(vocaloid\\)', ['escape', '\\(vocaloid\\)']],
  ['<lyco:x:0.5> <LoRA:y:1>', ['LoRA', '<lyco:x:0.5>'], ['LoRA', '<LoRA:y:1>']],
];

test.each(cases.map(([prompt, ...found]) => ({ prompt, found })))(
  '$prompt has instructions to other tools',
  ({ prompt, found }) => {
    expect(foreignSyntax(prompt)).toEqual(found.map(([what, text]) => ({ what, text })));
  },
);

test.each([
  'a cat (sitting) on a mat (red)',
  'a clock (at 10:30) on a wall',
  'a film still (16:9), wide',
  'a verse (John 3:16) on a wall',
  'a shop called Barnes and Noble',
  'SALT AND PEPPER shakers',
  'a sign that says "DO NOT BREAK THE GLASS"',
  'a cup that will BREAKDANCE, a break in the clouds',
  'f(x) = (a + b)(c - d), C++ and A+',
  'a smiley :) and a sad one :(',
  'a < b > c, <3',
  'a {curly} thing, [1] and []',
  '__init__.py on a screen',
  'a well-known -- long dash -- sentence',
  'a house (built 1890: brick) by the sea',
  'ratio (1:100) model railway',
  'a cat: sitting, a dog: standing',
  '',
])('%s is ordinary text', (prompt) => {
  expect(foreignSyntax(prompt)).toEqual([]);
});

test('a piece is named once, and thousands are cut to fifty', () => {
  expect(foreignSyntax('(a:1.2) (a:1.2)')).toHaveLength(1);
  expect(foreignSyntax(Array.from({ length: 2000 }, (_, index) => `(a${index}:1.2)`).join(' '))).toHaveLength(50);
});

test('no prompt makes it throw, and every piece stands in the prompt', () => {
  const piece = fc.constantFrom(
    '(',
    ')',
    '[',
    ']',
    '{',
    '}',
    '|',
    ':',
    '1.2',
    '<lora:',
    '>',
    'BREAK',
    ' ',
    'a',
    '\\',
    '--ar',
    '__',
    '\n',
  );
  const prompts = fc.oneof(
    fc.array(piece, { maxLength: 200 }).map((pieces) => pieces.join('')),
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(prompts, (prompt) => {
      for (const { text } of foreignSyntax(prompt)) expect(prompt.includes(text.replace(/…$/, ''))).toBe(true);
    }),
    { numRuns: 300 },
  );
  for (const hostile of ['(', '((', '[', '{|', '<lora:', ':1.', '\\(', '__', ' --ar', 'BREAK ', '(a:', '[a:'])
    foreignSyntax(hostile.repeat(20_000));
});
