import { expect, test } from 'vitest';
import { faultsOf, filterOf, listQueryOf, matches, noFilter, queryOf } from './filter.ts';

const now = new Date(2026, 10, 27, 15, 30);

test('a filter survives its address, and an unknown state is none', () => {
  const filter = {
    ...noFilter,
    words: 'red & blue',
    seed: '7',
    size: '256×144',
    state: 'failed',
    favourite: true,
  } as const;
  expect(filterOf(new URLSearchParams(queryOf(filter)))).toEqual(filter);
  expect(filterOf(new URLSearchParams('state=eaten&done=1'))).toEqual(noFilter);
});

test('pictures are asked for unless runs without any are', () => {
  expect(listQueryOf(noFilter, now)).toEqual({ status: 'succeeded', has_images: true });
  expect(listQueryOf({ ...noFilter, state: 'failed,cancelled' }, now)).toEqual({ status: 'failed,cancelled' });
});

test.each(['256x144', '256×144', '256 X 144', '256*144'])('a size may be written as %s', (size) => {
  expect(faultsOf({ ...noFilter, size })).toEqual({});
  expect(listQueryOf({ ...noFilter, size }, now).size).toBe('256x144');
});

test.each([
  ['seed', 'abc'],
  ['seed', '-1'],
  ['seed', '1234567890123456'],
  ['size', '256'],
  ['size', '0x144'],
  ['days', 'week'],
  ['from', '2026-02-30'],
  ['to', '27.11.2026'],
] as const)('what is no %s, such as %s, is told there', (name, text) => {
  expect(Object.keys(faultsOf({ ...noFilter, [name]: text }))).toEqual([name]);
});

test('the last days include today, and the last day is included whole', () => {
  const query = (change: object) => listQueryOf({ ...noFilter, ...change }, now);
  expect(query({ days: '1' }).created_after).toBe(new Date(2026, 10, 27).toISOString());
  expect(query({ days: '7' }).created_after).toBe(new Date(2026, 10, 21).toISOString());
  expect(query({ from: '2026-11-01', to: '2026-11-30' })).toMatchObject({
    created_after: new Date(2026, 10, 1).toISOString(),
    created_before: new Date(2026, 11, 1).toISOString(),
  });
  expect(faultsOf({ ...noFilter, from: '2026-11-02', to: '2026-11-01' })).toHaveProperty('to');
});

test('of a run that was found by a seed or a size only the pictures that have it are shown', () => {
  const image = { seed: 5003, width: 512, height: 288 };
  expect(matches(noFilter, image)).toBe(true);
  expect(matches({ ...noFilter, seed: '5003', size: '512×288' }, image)).toBe(true);
  expect(matches({ ...noFilter, seed: '5002' }, image)).toBe(false);
  expect(matches({ ...noFilter, size: '256x144' }, image)).toBe(false);
});
