import { expect, test } from 'vitest';
import { catalogue, isCode } from './catalogue.ts';
import { CodedError, fullText, hasCode, isCodedError } from './coded-error.ts';

test('an error says what to do in general, unless the place that throws it knows better', () => {
  const cause = new Error('ENOSPC');
  expect(new CodedError('disk_full', 'no room')).toMatchObject({ remedy: catalogue.disk_full.remedy });
  expect(new CodedError('disk_full', 'no room', { remedy: 'empty /tmp', cause })).toMatchObject({
    code: 'disk_full',
    message: 'no room',
    remedy: 'empty /tmp',
    cause,
  });
});

test('where there is room for one text only, an exact remedy is part of it and a general one is not', () => {
  expect(fullText(new CodedError('disk_full', 'no room', { remedy: 'empty /tmp' }))).toBe('no room; empty /tmp');
  expect(fullText(new CodedError('disk_full', 'no room'))).toBe('no room');
});

test('an error is known by its shape, whatever its class, and by no other code than those of the catalogue', () => {
  const foreign = Object.assign(new Error('gone'), { code: 'server_unreachable', remedy: undefined });
  expect(isCodedError(foreign)).toBe(true);
  expect(hasCode(foreign, 'disk_full', 'server_unreachable')).toBe(true);
  expect(hasCode(foreign, 'disk_full')).toBe(false);
  expect(isCodedError(Object.assign(new Error('gone'), { code: 'ENOENT', remedy: 'x' }))).toBe(false);
  expect(isCodedError(Object.assign(new Error('gone'), { code: 'toString', remedy: 'x' }))).toBe(false);
  expect(isCodedError({ code: 'disk_full', message: 'no room', remedy: 'x' })).toBe(false);
});

test('every code has a meaning and a remedy in words', () => {
  for (const code of Object.keys(catalogue).filter(isCode)) {
    expect(catalogue[code].summary, code).toMatch(/^[A-Z]/);
    expect(catalogue[code].remedy, code).toMatch(/[a-z]{2} [\s\S]*[^.;]$/);
  }
});
