import { expect, test } from 'vitest';
import { ownerOf } from '../http/surface.ts';
import { allSurfaces } from './table.ts';

const surfaces = await allSurfaces({ segmind: { base64Default: true }, openai: { modelAliases: [] }, page: null });

test.each([
  ['/v1/playground-v2.5', 'segmind'],
  ['/v2/requests/1/status?x=1', 'segmind'],
  ['/v1', undefined],
  ['/v1/models', 'openai'],
  ['/v1/models/a?b', 'openai'],
  ['/v1/models-of-mine', 'segmind'],
  ['/v1/images/generations', 'openai'],
  ['/v1/images', 'openai'],
  ['/v1/chat/completions', 'openai'],
  ['/api/jobs', 'api'],
  ['/api/admin/keys', 'admin'],
  ['/healthz', undefined],
  ['/', undefined],
])('%s belongs to %s', (url, name) => {
  expect(ownerOf(surfaces, url)?.name).toBe(name);
});

test('no two surfaces have a name or a place in common', () => {
  for (const each of [surfaces.map(({ name }) => name), surfaces.flatMap(({ places }) => places)]) {
    expect(new Set(each).size).toBe(each.length);
  }
});
