import { expect, test } from 'vitest';
import { demoModel } from '../../../test/demo-model.ts';
import { defaultSettings } from '../../settings/settings.ts';
import { type AxisKind, parseAxis, withValue } from './axes.ts';

const settings = { ...defaultSettings(demoModel), prompt: 'a red apple, on a red table' };
const read = (kind: AxisKind, text: string) => parseAxis(kind, text, demoModel, settings);

test.each([
  ['steps', '10, 20,30', [10, 20, 30]],
  ['steps', '10-30 (+5)', [10, 15, 20, 25, 30]],
  ['steps', '3-5, 10', [3, 4, 5, 10]],
  ['steps', '30-10 (-10)', [30, 20, 10]],
  ['steps', '10-20 [3]', [10, 15, 20]],
  ['steps', '5, 5, 5-6', [5, 6]],
  ['guidanceScale', '1.5-3 (+0.5)', [1.5, 2, 2.5, 3]],
  ['seed', '0-2', [0, 1, 2]],
  ['profile', 'exact, fast', ['exact', 'fast']],
  ['prompt', 'red, green, "dark, blue"', ['red', 'green', 'dark, blue']],
  ['none', '', ['']],
] as const)('%s of %j are %j', (kind, text, values) => {
  expect(read(kind, text)).toEqual({ values });
});

test.each([
  ['steps', '', 'at least one value'],
  ['steps', 'many', 'numbers or ranges'],
  ['steps', '10.5', 'not a whole number'],
  ['steps', '0, 10', '0 is not from 1 to 100'],
  ['steps', '10-30 (-5)', 'leads away'],
  ['seed', '1-1000000', 'more than 100 values'],
  ['profile', 'exact, quick', 'quick is none of exact'],
  ['strength', '0.5', 'needs a start image'],
  ['prompt', 'pear, plum', 'does not contain “pear”'],
  ['prompt', 'red', 'what replaces it'],
] as const)('%s of %j are refused: %s', (kind, text, message) => {
  expect(read(kind, text)).toEqual({ fault: expect.stringContaining(message) });
});

test('a part of the prompt is replaced wherever it stands, and taken as it is typed', () => {
  const axis = { kind: 'prompt', values: ['red', 'green', '$&'] } as const;
  expect(withValue(settings, axis, 0).prompt).toBe('a red apple, on a red table');
  expect(withValue(settings, axis, 1).prompt).toBe('a green apple, on a green table');
  expect(withValue(settings, axis, 2).prompt).toBe('a $& apple, on a $& table');
});
