import { expect, test } from 'vitest';
import { applyStyle, builtInStyles, faultOfStyle } from './styles.ts';

const ink = { prompt: 'ink drawing of {prompt}', negativePrompt: 'colour' };

test('there are two dozen styles, each with a name of its own and one place for the prompt', () => {
  expect(builtInStyles.length).toBeGreaterThanOrEqual(24);
  expect(new Set(builtInStyles.map(({ name }) => name)).size).toBe(builtInStyles.length);
  for (const style of builtInStyles) {
    expect(faultOfStyle({ ...style, name: `my-${style.name}` })).toBeUndefined();
    expect(faultOfStyle(style)).toMatch(/is a style of Easel's own/);
  }
});

test.each([
  [{ prompt: 'a fox' }, { prompt: 'ink drawing of a fox', negativePrompt: 'colour' }],
  [
    { prompt: 'a fox', negativePrompt: null },
    { prompt: 'ink drawing of a fox', negativePrompt: 'colour' },
  ],
  [
    { prompt: 'a fox', negativePrompt: '' },
    { prompt: 'ink drawing of a fox', negativePrompt: 'colour' },
  ],
  [
    { prompt: '$& {prompt}', negativePrompt: 'snow' },
    { prompt: 'ink drawing of $& {prompt}', negativePrompt: 'snow, colour' },
  ],
])('around %j', (prompts, expected) => {
  expect(applyStyle(ink, prompts)).toEqual(expected);
});

test('a style without a negative prompt keeps none apart from an empty one', () => {
  const { prompt } = ink;
  expect(applyStyle({ prompt }, { prompt: 'a' }).negativePrompt).toBeNull();
  expect(applyStyle({ prompt }, { prompt: 'a', negativePrompt: '' }).negativePrompt).toBe('');
});
