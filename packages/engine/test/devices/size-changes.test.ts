import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runInChild, swiftShader, tooLong } from '../../../../tests/support/software-device.ts';
import { writeSafetensors } from '../safetensors-files.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import type { SizeChanges } from './size-changes-child.ts';

// Freed memory goes back to the system at once, as a card's does.
process.env.MALLOC_MMAP_THRESHOLD_ = String(2 ** 20);
process.env.MALLOC_ARENA_MAX = '1';

const child = new URL('./size-changes-child.ts', import.meta.url);
const LAYERS = 2;
const WIDTH = 4096;
/** Of the network whose size changes. */
const WEIGHTS = LAYERS * WIDTH ** 2 * 4;

async function memoryAfter(changes: number, shared: boolean): Promise<readonly number[]> {
  const path = join(await temporaryFolder(), 'chain.safetensors');
  const names = Array.from({ length: LAYERS }, (_, layer) => `layer.${layer}.weight`);
  await writeSafetensors(
    path,
    names.map((name) => ({ name, dtype: 'F32', shape: [WIDTH, WIDTH] })),
  );
  const run: SizeChanges = { path, layers: LAYERS, width: WIDTH, changes, shared };
  return runInChild(child, run, swiftShader);
}

/** A longer run: EASEL_TEST_SIZE_CHANGES=50 */
const CHANGES = Number(process.env.EASEL_TEST_SIZE_CHANGES ?? 3);

test('after many changes of size a device holds what it held after the first', async ({ skip }) => {
  const reason = swiftShader.missing ?? tooLong;
  if (reason !== undefined) skip(reason);
  const memory = await memoryAfter(CHANGES, true);
  expect(Math.max(...memory.slice(1)) - (memory[0] ?? 0)).toBeLessThan(WEIGHTS);
}, 600_000);

test('the measure does see weights that stay when one session of several is released', async ({ skip }) => {
  const reason = swiftShader.missing ?? tooLong;
  if (reason !== undefined) skip(reason);
  const memory = await memoryAfter(3, false);
  expect((memory.at(-1) ?? 0) - (memory[0] ?? 0)).toBeGreaterThan(1.5 * WEIGHTS);
}, 600_000);
