import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { childArguments, childEnvironment, childModule, OutputTail } from './child-process.ts';

test('keys, secrets and addresses of databases do not reach the engine, and what it works with does', () => {
  const secrets = {
    EASEL_ADMIN_KEY: 'SG_0123456789abcdef',
    EASEL_DEV_KEY: 'SG_0123456789abcdef',
    EASEL_API_KEY: 'SG_0123456789abcdef',
    EASEL_SECRET: 'secret',
    DATABASE_URL: 'postgres://u:pw@h/d',
    PGPASSWORD: 'pw',
    AWS_SECRET_ACCESS_KEY: 'secret',
    SOME_TOKEN: 'secret',
  };
  const system = { PATH: '/bin', HOME: '/h', TZ: 'UTC', LC_ALL: 'C' };
  const needed = { ...system, OMP_NUM_THREADS: '2', LD_LIBRARY_PATH: '/l', NODE_COMPILE_CACHE: '/c' };
  expect(childEnvironment({ ...secrets, ...needed, MALLOC_MMAP_THRESHOLD_: '7' })).toEqual({
    ...needed,
    MALLOC_MMAP_THRESHOLD_: '7',
    MALLOC_TRIM_THRESHOLD_: expect.any(String),
    ORT_DISABLE_TELEMETRY: '1',
  });
});

test('on a small machine freed blocks of a megabyte go back to the system, on a larger one those above 32', () => {
  expect(childEnvironment({}, 8e9)).toMatchObject({ MALLOC_MMAP_THRESHOLD_: '1048576' });
  expect(childEnvironment({}, 16e9)).toMatchObject({ MALLOC_MMAP_THRESHOLD_: '33554432' });
});

test("the child's code lies beside the parent's, as source and when built", () => {
  expect(childModule('child', 'file:///a%20b/dist/host/child-module.js').href).toBe('file:///a%20b/dist/host/child.js');
  expect(childModule('picture-child').href).toMatch(/\/src\/host\/picture-child\.ts$/);
  for (const name of ['child', 'picture-child'] as const) expect(existsSync(childModule(name))).toBe(true);
});

test('of the arguments of its parent the child gets the conditions only', () => {
  const inherited = ['--conditions=@easel/source', '--inspect-brk', '-e', 'code', '-C', 'x', '--input-type=module'];
  expect(childArguments(inherited)).toEqual(['--conditions=@easel/source', '-C', 'x', '--max-semi-space-size=4']);
});

test('lines are put together from pieces, and the last one counts without its newline', () => {
  const seen: string[] = [];
  const tail = new OutputTail((line) => seen.push(line));
  for (const piece of ['one\ntw', 'o\r\n\n', 'thr', 'ee']) tail.write(piece);
  expect(seen).toEqual(['one', 'two']);
  tail.end();
  expect(seen).toEqual(['one', 'two', 'three']);
  expect(tail.lines).toEqual(seen);
});

test('only the last twenty lines are kept, and none is longer than 2000 characters', () => {
  const tail = new OutputTail(() => {});
  tail.write(Array.from({ length: 50 }, (_, i) => `${i} ${'x'.repeat(5000)}\n`).join(''));
  expect(tail.lines).toHaveLength(20);
  expect(tail.lines[0]).toMatch(/^30 x/);
  expect(tail.lines.every((line) => line.length === 2000)).toBe(true);
});

test('a line without an end does not grow without end', () => {
  const tail = new OutputTail(() => {});
  for (let i = 0; i < 100; i += 1) tail.write('x'.repeat(1000));
  tail.end();
  expect(tail.lines[0]).toHaveLength(2000);
});
