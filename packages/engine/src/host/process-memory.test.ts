import { expect, test } from 'vitest';
import { processMemory } from './process-memory.ts';

test.runIf(process.platform === 'linux')('a process is seen to grow by what it allocates', async () => {
  const before = await processMemory(process.pid);
  const block = new Uint8Array(64 * 2 ** 20).fill(1);
  const after = await processMemory(process.pid);
  if (before === undefined || after === undefined) throw new Error('no figures');
  expect(after.anonymous - before.anonymous).toBeGreaterThan(0.8 * block.length);
  expect(after.resident).toBeGreaterThanOrEqual(after.anonymous);
  expect(after.peakResident).toBeGreaterThanOrEqual(after.resident * 0.9);
});

test('there is nothing to tell of a process that does not exist', async () => {
  expect(await processMemory(2 ** 30)).toBeUndefined();
});
