import { expect, test } from 'vitest';
import { type SelectedText, weighWords } from './weigh-words.ts';

/** `[` and `]` mark the selection, `|` the caret. */
function read(marked: string): SelectedText {
  const caret = marked.indexOf('|');
  if (caret >= 0) return { text: marked.replace('|', ''), start: caret, end: caret };
  return { text: marked.replace(/[[\]]/g, ''), start: marked.indexOf('['), end: marked.indexOf(']') - 1 };
}

const write = ({ text, start, end }: SelectedText) =>
  `${text.slice(0, start)}[${text.slice(start, end)}]${text.slice(end)}`;

const weighed = (marked: string, change: number) => {
  const result = weighWords(read(marked), change);
  return result && write(result);
};

test.each([
  ['a [red] fox', 0.1, 'a ([red]:1.1) fox'],
  ['a ([red]:1.1) fox', 0.1, 'a ([red]:1.2) fox'],
  ['a [(red:1.1)] fox', 0.1, 'a ([red]:1.2) fox'],
  ['a ([red]:1.1) fox', -0.1, 'a [red] fox'],
  ['a [red] fox', -0.1, 'a ([red]:0.9) fox'],
  ['a r|ed fox', 0.1, 'a ([red]:1.1) fox'],
  ['a (red fo|x:1.25)', 0.1, 'a ([red fox]:1.35)'],
  ['a[ red fox ]', 0.1, 'a ([red fox]:1.1) '],
  ['ein [süßer Äpfel]', 0.1, 'ein ([süßer Äpfel]:1.1)'],
  ['(a:1.2) and [b]', 0.1, '(a:1.2) and ([b]:1.1)'],
])('%s, %d more → %s', (marked, change, result) => {
  expect(weighed(marked, change)).toBe(result);
});

test.each([
  ['between |  words', 0.1],
  ['', 0.1],
  ['([red]:2)', 0.1],
  ['([red]:0)', -0.1],
])('%s stays as it is', (marked, change) => {
  expect(weighed(marked === '' ? '|' : marked, change)).toBeUndefined();
});

test('up and down again leaves the text as it was', () => {
  let text = read('a [red] fox');
  for (const change of [0.1, 0.1, 0.1, -0.1, -0.1, -0.1]) text = weighWords(text, change) ?? text;
  expect(write(text)).toBe('a [red] fox');
});
