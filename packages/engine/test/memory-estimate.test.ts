import { join } from 'node:path';
import { expect, test } from 'vitest';
import { estimateMemory } from '../src/index.ts';
import { readTensorList, singleFileTensors } from './full-size-file.ts';
import { writeSafetensors } from './safetensors-files.ts';
import { temporaryFolder } from './temporary-folder.ts';

/** What Playground v2.5 keeps in memory between pictures, and its peak in GB, on a machine of so many GB. */
test.each([
  [8, 'small', 6.7, 4.6],
  [11, 'small', 6.7, 4.6],
  [13, 'normal', 9.8, 7.6],
  [16, 'large', 11.5, 8.5],
])('a model is loaded for all profiles: with %d GB what stays is %s, in int8 too', async (memory, use, exact, int8) => {
  const path = join(await temporaryFolder(), 'playground-v2.5.fp16.safetensors');
  await writeSafetensors(path, singleFileTensors(readTensorList()));
  const estimate = await estimateMemory(path, memory);
  expect([estimate.exact.use, estimate.int8.use]).toEqual([use, use]);
  expect(estimate.exact.peakBytes / 1e9).toBeCloseTo(exact, 1);
  expect(estimate.int8.peakBytes / 1e9).toBeCloseTo(int8, 1);
});
