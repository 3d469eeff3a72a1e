import { expect, test } from 'vitest';
import { featuresInUse, processorFeatures } from './cpu.ts';

const cpuinfo = (flags: string) =>
  `processor\t: 0\nmodel name\t: Any\nflags\t\t: fpu sse ${flags} rdrand\nbugs\t\t: x\n`;
const present = (flags: string) =>
  [...(processorFeatures(cpuinfo(flags)) ?? [])].flatMap(([name, has]) => (has ? [name] : []));

test("a processor's features are told by the flags of /proc/cpuinfo", () => {
  expect(present('avx')).toEqual([]);
  expect(present('avx avx2')).toEqual(['AVX2']);
  expect(present('avx avx2 avx_vnni')).toEqual(['AVX2', 'VNNI']);
  expect(present('avx2 avx512f avx512vnni_x')).toEqual(['AVX2', 'AVX-512']);
  expect(present('avx2 avx512f avx512_vnni avx512_bf16 amx_bf16 amx_int8')).toEqual([
    'AVX2',
    'AVX-512',
    'VNNI',
    'BF16',
    'AMX',
  ]);
});

test('where the system does not tell they are unknown, not absent', () => {
  expect(processorFeatures('')).toBeUndefined();
  expect(processorFeatures('processor\t: 0\nFeatures\t: fp asimd\n')).toBeUndefined();
});

test.each([
  ['avx2', { exact: 'AVX2', int8: 'AVX2', unused: [] }],
  ['avx2 avx512f', { exact: 'AVX-512', int8: 'AVX-512', unused: [] }],
  ['avx2 avx_vnni', { exact: 'AVX2', int8: 'VNNI', unused: [] }],
  ['avx2 avx512f avx512_vnni avx512_bf16', { exact: 'AVX-512', int8: 'VNNI', unused: ['BF16'] }],
  ['avx2 avx512f avx512_vnni amx_bf16 amx_int8', { exact: 'AVX-512', int8: 'AMX', unused: ['BF16'] }],
  ['sse4_2', { exact: undefined, int8: undefined, unused: [] }],
])('of %s the runtime uses the best it has kernels for', (flags, inUse) => {
  expect(featuresInUse(processorFeatures(cpuinfo(flags)) ?? new Map())).toEqual(inUse);
});
