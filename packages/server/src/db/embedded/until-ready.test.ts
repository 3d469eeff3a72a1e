import { expect, test } from 'vitest';
import { lastWords } from './until-ready.ts';

test('the last words of a server are its fatal lines with their hints', () => {
  const output = [
    '2026-01-02 03:04:05.678 UTC [12] LOG:  starting PostgreSQL 18.4',
    '2026-01-02 03:04:05.679 UTC [12] FATAL:  data directory "/d" has invalid permissions',
    '2026-01-02 03:04:05.679 UTC [12] DETAIL:  Permissions should be u=rwx (0700) or u=rwx,g=rx (0750).',
    '',
  ].join('\n');
  expect(lastWords(output)).toBe(
    'FATAL:  data directory "/d" has invalid permissions; DETAIL:  Permissions should be u=rwx (0700) or u=rwx,g=rx (0750).',
  );
});

test('without any, they are what it said last', () => {
  expect(lastWords('a\nb\n\n')).toBe('a; b');
  expect(lastWords('')).toBe('it said nothing');
});
