import { expect, test } from 'vitest';
import { longFunctions, MAX_FUNCTION_LINES } from '../../tools/long-functions.ts';

const lines = (count: number, line: string) => Array.from({ length: count }, () => line).join('\n');

test.each([
  ['function', 'a.ts', `function long() {\n${lines(MAX_FUNCTION_LINES - 1, 'call();')}\n}`, 'long'],
  ['arrow function', 'a.ts', `const long = () => {\n${lines(MAX_FUNCTION_LINES - 1, 'call();')}\n};`, 'long'],
  ['method', 'a.ts', `class A {\n long() {\n${lines(MAX_FUNCTION_LINES - 1, 'call();')}\n}}`, 'long'],
  ['component', 'a.tsx', `function Long() {\nreturn <p>\n${lines(MAX_FUNCTION_LINES - 3, '<b/>')}\n</p>;\n}`, 'Long'],
])('a %s that is one line too long is found, one line less is not', (_, file, text, name) => {
  expect(longFunctions(file, text)).toEqual([
    { name, line: file === 'a.ts' && text.startsWith('class') ? 2 : 1, lines: MAX_FUNCTION_LINES + 1 },
  ]);
  expect(longFunctions(file, text.replace(/(call\(\);|<b\/>)\n/, ''))).toEqual([]);
});

test('the functions within a long one are judged by themselves', () => {
  const inner = `function inner() {\n${lines(MAX_FUNCTION_LINES - 2, 'call();')}\n}`;
  expect(longFunctions('a.ts', `function outer() {\n${inner}\n}`).map(({ name }) => name)).toEqual(['outer']);
});
