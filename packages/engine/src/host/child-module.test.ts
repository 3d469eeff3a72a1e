import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { childArguments, childModule } from './child-module.ts';

test("the child's code lies beside the parent's, as source and when built", () => {
  expect(childModule('child', 'file:///a%20b/dist/host/child-module.js').href).toBe('file:///a%20b/dist/host/child.js');
  expect(childModule('picture-child').href).toMatch(/\/src\/host\/picture-child\.ts$/);
  for (const name of ['child', 'picture-child'] as const) expect(existsSync(childModule(name))).toBe(true);
});

test('the child gets the conditions of its parent and no other argument', () => {
  const inherited = ['--conditions=@easel/source', '--inspect-brk', '-e', 'code', '-C', 'x', '--input-type=module'];
  expect(childArguments(inherited)).toEqual(['--conditions=@easel/source', '-C', 'x']);
});
