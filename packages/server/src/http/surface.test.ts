import { expect, test } from 'vitest';
import { surfaceOf } from './surface.ts';

test.each([
  ['/v1/playground-v2.5', 'segmind'],
  ['/v2/requests/1/status?x=1', 'segmind'],
  ['/v1/models', 'openai'],
  ['/v1/models/a?b', 'openai'],
  ['/v1/models-of-mine', 'segmind'],
  ['/v1/images/generations', 'openai'],
  ['/v1/images', 'openai'],
  ['/api/jobs', 'api'],
  ['/', 'api'],
])('%s speaks like %s', (url, surface) => {
  expect(surfaceOf(url)).toBe(surface);
});
