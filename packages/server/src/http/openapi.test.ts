import { defaultTariff } from '@easel/contract';
import { expect, test } from 'vitest';
import type { ModelCard } from '../models/model-card.ts';
import { withComponents, withModelPaths } from './openapi.ts';

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

const card: ModelCard = {
  slug: 'playground-v2.5',
  name: 'Playground v2.5',
  family: 'playground-v2.5',
  takesNegativePrompt: true,
  notices: [],
  isDefault: true,
  isEmbedded: false,
  licence: undefined,
  defaults: { width: 1024, height: 1024, steps: 25, guidanceScale: 3, scheduler: 'edm_dpmpp_2m', profile: 'exact' },
  sizes: { minSide: 512, maxSide: 1536, maxMegapixels: 1.6 },
  allowed: {},
  devices: [],
  bytes: 0,
  loras: [],
  unfitLoras: new Map(),
};
const small: ModelCard = {
  ...card,
  slug: 'my-model',
  name: 'my-model',
  isDefault: false,
  defaults: { width: 256, height: 192, steps: 40, guidanceScale: 5, scheduler: 'edm_euler', profile: 'exact' },
  sizes: { minSide: 64, maxSide: 256, maxMegapixels: 0.05 },
  allowed: { scheduler: { choices: ['edm_euler'] } },
};

const operation = {
  operationId: 'generate',
  parameters: [
    { name: 'slug', in: 'path' },
    { name: 'idempotency-key', in: 'header' },
  ],
  requestBody: {
    content: {
      'application/json': {
        schema: {
          title: 'Request',
          properties: {
            prompt: { type: 'string' },
            img_width: { type: 'integer', minimum: 64, maximum: 2048, multipleOf: 8 },
            num_inference_steps: { type: 'integer', minimum: 20, maximum: 100, default: 25 },
            scheduler: { type: 'string', enum: ['edm_dpmpp_2m', 'edm_euler'], default: 'edm_dpmpp_2m' },
          },
        },
      },
    },
  },
};
const document = { openapi: '3.1.0', paths: { '/v1/{slug}': { post: operation }, '/v1/models': { get: {} } } };
const withModels = (...models: ModelCard[]) =>
  withModelPaths(document, models, { ...defaultTariff, models: { 'my-model': { perImage: '0.5' } } });

test('an address of every model becomes one of each, in its place; others stay', () => {
  const { paths } = withModels(card, small);
  expect(Object.keys(Object(paths))).toEqual(['/v1/playground-v2.5', '/v1/my-model', '/v1/models']);
  expect(paths).toMatchObject({ '/v1/models': document.paths['/v1/models'] });
});

test("its body has that model's limits and defaults, and the model is no parameter any more", () => {
  const { paths } = withModels(card, small);
  expect(paths).toMatchObject({
    '/v1/my-model': {
      post: {
        description: expect.stringMatching(
          /from 64 to 256 pixels.*at most 0\.05 megapixels.*it costs 0\.500278 credits/,
        ),
        parameters: [{ name: 'idempotency-key', in: 'header' }],
        requestBody: {
          content: {
            'application/json': {
              schema: {
                properties: {
                  prompt: { type: 'string' },
                  img_width: { type: 'integer', minimum: 64, maximum: 256, default: 256, multipleOf: 8 },
                  num_inference_steps: { minimum: 20, maximum: 100, default: 40 },
                  scheduler: { enum: ['edm_euler'], default: 'edm_euler' },
                },
              },
            },
          },
        },
      },
    },
    '/v1/playground-v2.5': {
      post: {
        requestBody: {
          content: {
            'application/json': {
              schema: { properties: { img_width: { minimum: 512, maximum: 1536, default: 1024 } } },
            },
          },
        },
      },
    },
  });
});

test('operations and schemas have names of their own; those of the default model stay', () => {
  const { paths } = withModels(card, small, { ...small, slug: 'my.model' });
  const names = Object.values(Object(paths)).flatMap((methods) => {
    const { post } = Object(methods);
    return post ? [[post.operationId, post.requestBody.content['application/json'].schema.title]] : [];
  });
  expect(names).toEqual([
    ['generate', 'Request'],
    ['generateMyModel', 'RequestMyModel'],
    ['generateMyModel2', 'RequestMyModel2'],
  ]);
});
