import { paths as contract } from '@easel/contract';
import { expect, test } from 'vitest';
import { paths } from './paths.ts';

test('the addresses are those of the contract', () => {
  const { jobs: allJobs, ...admin } = contract.admin;
  const { health, ready } = contract;
  expect(paths).toEqual({ ...contract.api, ...admin, allJobs, health, ready });
});
