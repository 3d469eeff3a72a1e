import { paths as contract } from '@easel/contract';
import { expect, test } from 'vitest';
import { addressOf, paths } from './address.ts';

test('parts and query are encoded, and what is undefined is left out', () => {
  const query = { model: undefined, text: 'a b&c', limit: 2 };
  expect(addressOf('http://h/easel//', '/api/jobs/:id/events', { id: 'a/b?c' }, query)).toBe(
    'http://h/easel/api/jobs/a%2Fb%3Fc/events?text=a+b%26c&limit=2',
  );
});

test.each(['', '.', '..'])('%j, which would lead to another address, is refused', (id) => {
  expect(() => addressOf('', '/api/jobs/:id', { id })).toThrow(`got ${JSON.stringify(id)}`);
});

test('the addresses are those of the contract', () => {
  const { jobs: allJobs, webhooks: adminWebhooks, ...admin } = contract.admin;
  const { health, ready } = contract;
  expect(paths).toEqual({ ...contract.api, ...admin, allJobs, adminWebhooks, health, ready });
});
