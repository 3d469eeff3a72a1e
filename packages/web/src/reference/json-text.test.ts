import { expect, test } from 'vitest';
import { parseRequest, placeIn } from './json-text.ts';

test.each([
  '{}',
  '{"prompt": "a \\"red\\" apple\\u00e9", "seed": -1, "list": [1, 2.5e3, {"a": null}], "base64": false}',
  ' {\n"a":[]}\t',
])('%j is read as JSON reads it', (text) => {
  expect(parseRequest(text)).toEqual({ value: JSON.parse(text) });
});

test.each([
  ['', 0, 'a value is expected'],
  ['{', 1, 'a name in double quotes'],
  ['{"a": 1,}', 8, 'a name in double quotes'],
  ['{"a": 01}', 6, 'a value is expected'],
  ['{"a": tru}', 6, 'a value is expected'],
  ['{"a" 1}', 5, ': is expected'],
  ['{"a": 1 "b": 2}', 8, 'a comma or } is expected'],
  ['{"a": [1 2]}', 9, 'a comma or ] is expected'],
  ['{"a": "x\n"}', 6, 'no closing quote'],
  ["{'a': 1}", 1, 'a name in double quotes'],
  ['{"a": 1} x', 9, 'nothing is allowed after'],
  ['[1]', 0, 'A request is an object'],
])('%j is refused at %i: %s', (text, position, message) => {
  expect(parseRequest(text)).toEqual({ fault: { position, message: expect.stringContaining(message) } });
});

test('places are told in lines and columns', () => {
  expect(placeIn('{\n  "a": x', 9)).toBe('line 2, column 8');
});
