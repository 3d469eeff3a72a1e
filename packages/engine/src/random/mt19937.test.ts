import { expect, test } from 'vitest';
import { intsOf, readFixture, readFixtureJson } from '../../test/fixtures.ts';
import { createMt19937 } from './mt19937.ts';
import { low32Bits } from './seed.ts';

const outputs = (seed: number, length: number) => Array.from({ length }, createMt19937(seed));

test('the default seed 5489 gives the published first and 10000th outputs', () => {
  // first outputs: mt19937ar.out; 10000th: ISO/IEC 14882:2011 §26.5.5
  const values = outputs(5489, 10000);
  expect(values.slice(0, 3)).toEqual([3499211612, 581869302, 3890346734]);
  expect(values[9999]).toBe(4123659995);
});

test('raw outputs equal the reference generator for every golden seed', () => {
  const fixture = readFixture('randn.safetensors');
  for (const name of seedNames()) {
    const seed = low32Bits(BigInt(name));
    const values = outputs(seed, 16).map((bits) => bits & 0x7fffffff);
    expect(values, `seed ${name}`).toEqual([...intsOf(fixture, `mt31.${name}`)]);
  }
});

test('two generators of one seed do not share state', () => {
  const a = createMt19937(7);
  const b = createMt19937(7);
  const first = a();
  a();
  expect(b()).toBe(first);
});

/** From the tensor names, because the seeds beyond 2^53 are not exact as JSON numbers. */
function seedNames(): string[] {
  const count = readFixtureJson<{ seeds: unknown[] }>('randn.json').seeds.length;
  const names = [...readFixture('randn.safetensors').keys()]
    .filter((name) => name.startsWith('mt31.'))
    .map((name) => name.slice('mt31.'.length));
  expect(names).toHaveLength(count);
  return names;
}
