import fastify from 'fastify';
import { expect, test } from 'vitest';
import { AllowedMethods } from './not-found.ts';

function allowed() {
  const app = fastify();
  const methods = new AllowedMethods((slug) => slug === 'drawn');
  methods.listen(app);
  const answer = async () => '';
  app.post('/v1/:slug', answer);
  app.get('/v1/models', answer);
  app.delete('/v1/models/:id', answer);
  app.get('/v1/models/:id', answer);
  app.post('/v1/models/pull', answer);
  app.get('/files/*', answer);
  return methods;
}

test('an address has the methods of all routes that lead to it', () => {
  expect(allowed().of('/v1/models')).toEqual(['GET', 'HEAD', 'OPTIONS']);
  expect(allowed().of('/v1/models/a%20b')).toEqual(['DELETE', 'GET', 'HEAD', 'OPTIONS']);
  expect(allowed().of('/files/a/b')).toEqual(['GET', 'HEAD', 'OPTIONS']);
});

test('an address of its own has not the methods of the one with a parameter in its place', () => {
  expect(allowed().of('/v1/models/pull')).toEqual(['OPTIONS', 'POST']);
  expect(allowed().misled('/v1/models/pull', '/v1/models/:id')).toBe(true);
  expect(allowed().misled('/v1/models/pull', '/v1/models/pull')).toBe(false);
  expect(allowed().misled('/v1/models/other', '/v1/models/:id')).toBe(false);
  expect(allowed().misled('/v1/nothing', undefined)).toBe(false);
});

test('a model that is not there has no address', () => {
  expect(allowed().of('/v1/drawn')).toEqual(['OPTIONS', 'POST']);
  expect(allowed().of('/v1/other')).toEqual([]);
  expect(allowed().of('/v1/')).toEqual([]);
  expect(allowed().of('/v1/models/')).toEqual([]);
  expect(allowed().of('/v1/%zz')).toEqual([]);
});
