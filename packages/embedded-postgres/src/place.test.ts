import { expect, test } from 'vitest';
import { socketFolder, socketIn } from './place.ts';

test('the socket lies beside the data as long as its path fits', () => {
  expect(socketFolder('/var/lib/easel/postgres', 1)).toBe('/var/lib/easel/postgres/run');
  // "/run/.s.PGSQL.5432" takes 18 of 103 bytes.
  expect(socketFolder(`/${'a'.repeat(84)}`, 1)).toBe(`/${'a'.repeat(84)}/run`);
  expect(socketFolder(`/${'a'.repeat(85)}`, 1)).toMatch(/^\/tmp\/easel-1-[0-9a-f]{16}$/);
});

test('length counts in bytes', () => {
  expect(socketFolder(`/${'画'.repeat(40)}`, 1)).toMatch(/^\/tmp\//);
});

test('every folder and user has a socket of its own', () => {
  const long = `/${'a'.repeat(200)}`;
  const folders = [socketFolder(long, 1), socketFolder(long, 2), socketFolder(`${long}b`, 1)];
  expect(new Set(folders).size).toBe(3);
  for (const folder of folders) expect(socketIn(folder).length).toBeLessThanOrEqual(103);
});
