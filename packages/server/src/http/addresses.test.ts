import { expect, test } from 'vitest';
import { openai } from '../surfaces/openai/surface.ts';
import { plainUrl } from './addresses.ts';

test.each([
  ['/v1/images/generations/', '/v1/images/generations'],
  ['//v1//images/generations', '/v1/images/generations'],
  ['/v1/v1/images/generations', '/v1/images/generations'],
  ['/v1/v1/models', '/v1/models'],
  ['/images/generations', '/v1/images/generations'],
  ['/models/playground-v2.5/', '/v1/models/playground-v2.5'],
  ['/api/jobs/?q=a//b/', '/api/jobs?q=a//b/'],
  ['http://host:1/v2//playground-v2.5/', '/v2/playground-v2.5'],
  ['http://host?a=1', '/?a=1'],
  ['/', '/'],
  ['//', '/'],
  ['/docs/', '/docs/'],
  ['/v1/v1', '/v1/v1'],
  ['/imagesque', '/imagesque'],
  ['/api/jobs?q=caf\u00c3\u00a9', '/api/jobs?q=caf%c3%a9'],
  ['*', '*'],
])('%s means %s', (sent, meant) => {
  const { aliases = [] } = openai({ modelAliases: [] });
  expect(plainUrl(sent, aliases)).toBe(meant);
  expect(plainUrl(meant, aliases)).toBe(meant);
});
