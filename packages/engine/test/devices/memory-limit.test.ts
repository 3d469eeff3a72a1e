import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runInChild, swiftShader, tooLong } from '../../../../tests/support/software-device.ts';
import { writeSafetensors } from '../safetensors-files.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import type { Layers } from './chain-network.ts';
import type { LimitOutcome, MemoryLimit } from './memory-limit-child.ts';

// Freed memory goes back to the system at once, as a card's does.
process.env.MALLOC_MMAP_THRESHOLD_ = String(2 ** 20);
process.env.MALLOC_ARENA_MAX = '1';

const child = new URL('./memory-limit-child.ts', import.meta.url);
const MIB = 2 ** 20;
/** In MiB. A longer run: EASEL_TEST_MEMORY_LIMITS=256,1024,6144 */
const limits = (process.env.EASEL_TEST_MEMORY_LIMITS ?? '256').split(',').map(Number);

/** @param side of each weight @param share of the limit that the weights take */
function layersOf(limit: number, side: number, share: number): Layers {
  return { layers: Math.max(1, Math.floor((share * limit * MIB) / (4 * side ** 2))), width: side };
}

async function run(limit: number, texts: Layers, unet: Layers): Promise<LimitOutcome> {
  const path = join(await temporaryFolder(), 'weights.safetensors');
  const tensors = Object.entries({ texts, unet }).flatMap(([name, { layers, width }]) =>
    Array.from({ length: layers }, (_, layer) => {
      return { name: `${name}.${layer}.weight`, dtype: 'F32', shape: [width, width] } as const;
    }),
  );
  await writeSafetensors(path, tensors); // holes: it takes no room
  const input: MemoryLimit = { path, texts, unet, limit: limit * MIB };
  return runInChild(child, input, swiftShader);
}

describe.skipIf((swiftShader.missing ?? tooLong) !== undefined).each(limits)('on a device of %d MiB', (limit) => {
  test('networks that fit together stay, and nothing is said', async () => {
    const { notices, ...outcomes } = await run(limit, layersOf(limit, 2048, 0.15), layersOf(limit, 2048, 0.15));
    expect(outcomes).toEqual({ texts: 'done', unet: 'done', again: 'done' });
    expect(notices).toEqual([]);
  });

  test('networks that fit one after another give their results, and it is said once', async () => {
    const { notices, ...outcomes } = await run(limit, layersOf(limit, 4096, 0.6), layersOf(limit, 4096, 0.6));
    expect(outcomes).toEqual({ texts: 'done', unet: 'done', again: 'done' });
    expect(notices).toEqual([expect.stringContaining('one network at a time')]);
  });

  test('one that does not fit alone is an error that says what to do, and the others go on', async () => {
    // One weight, so that what else the process needs has room.
    const wide = { layers: 1, width: Math.ceil(Math.sqrt((2 * limit * MIB) / 4)) };
    const { texts, unet, again } = await run(limit, layersOf(limit, 2048, 0.15), wide);
    expect(unet).toMatchObject({
      code: 'out_of_memory',
      remedy: expect.stringMatching(/smaller picture.*other programs.*--device cpu/),
    });
    expect([texts, again]).toEqual(['done', 'done']);
  });
});
