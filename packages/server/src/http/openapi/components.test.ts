import { expect, test } from 'vitest';
import { withComponents } from './components.ts';

test('a named schema is told once and referred to, also within another; other titles stay', () => {
  const inner = { title: 'Inner', type: 'string' };
  const outer = { title: 'Outer', properties: { a: inner, title: { type: 'string' } } };
  const document = {
    info: { title: 'Easel' },
    paths: { '/a': outer, '/b': [inner] },
    components: { other: { title: 'an apple' } },
  };
  expect(withComponents(document)).toEqual({
    info: { title: 'Easel' },
    paths: { '/a': { $ref: '#/components/schemas/Outer' }, '/b': [{ $ref: '#/components/schemas/Inner' }] },
    components: {
      other: { title: 'an apple' },
      schemas: {
        Inner: inner,
        Outer: { title: 'Outer', properties: { a: { $ref: '#/components/schemas/Inner' }, title: { type: 'string' } } },
      },
    },
  });
});
