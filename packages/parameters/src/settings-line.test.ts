import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatSettings, parseSettings } from './settings-line.ts';

const anyText = fc.string({ unit: 'binary' });

test('any values are restored, lone surrogates and line ends included', () => {
  const value = fc.oneof(anyText, fc.string({ unit: fc.constantFrom(...'",:\\ \n\r\t\0a1\u2028\u0085\ud800\ufeff') }));
  const settings = fc.uniqueArray(fc.tuple(fc.stringMatching(/^[A-Z][a-z]{1,8}( [a-z0-9]{1,4})?$/), value), {
    selector: ([name]) => name,
  });
  fc.assert(
    fc.property(settings, (given) => {
      const line = formatSettings(given);
      expect(line).not.toMatch(/[\n\r\u2028\u2029\u0085]/);
      expect([...parseSettings(line)]).toEqual(given);
    }),
  );
});

test('only values that would be ambiguous are quoted', () => {
  const line = formatSettings([
    ['Model', 'playground v2.5'],
    ['Size', '128x128'],
    ['Prompt 2', 'red, "green"'],
    ['Empty', ''],
  ]);
  expect(line).toBe(String.raw`Model: playground v2.5, Size: 128x128, Prompt 2: "red, \"green\"", Empty: ""`);
});

test("another tool's line is read, extensions and bad quotes included", () => {
  const line =
    'Steps: 20, Lora hashes: "a: 1, b: 2", ControlNet 0: "x: \\"y\\"", CFG Rescale φ: 0.7, Odd: "no end, Model: a:b';
  expect(Object.fromEntries(parseSettings(line))).toEqual({
    Steps: '20',
    'Lora hashes': 'a: 1, b: 2',
    'ControlNet 0': 'x: "y"',
    'CFG Rescale φ': '0.7',
    Odd: '"no end',
    Model: 'a:b',
  });
});

test('running text has no settings', () => {
  expect(parseSettings('a cat, sitting, "so: what"').size).toBe(0);
});

test('a name is never taken for something else than a name', () => {
  expect(parseSettings('__proto__: 1, constructor: 2').get('constructor')).toBe('2');
});

test('hostile lines never throw and take linear time', () => {
  for (const piece of ['a', '"', 'a:', 'a: "', 'a:"\\', ',', ' ', '\\"', 'ab: "x, ']) {
    expect(parseSettings(piece.repeat(200_000)).size).toBeLessThan(2);
  }
  fc.assert(fc.property(anyText, (line) => void parseSettings(line)));
});
