import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { writeSafetensors } from './safetensors-files.ts';
import { temporaryFolder } from './temporary-folder.ts';

// ONNX Runtime 1.30 runs a Cast right before its consumer only if the Casts are first in the node list, and leaves weights
// in their file only without two of its passes: none of it documented, so every upgrade must pass here.
const LAYERS = 48;
const PICTURE_MEGABYTES = 140;
const WIDTH = 1448; // 2 · 1448² bytes are 4 MB a layer: 192 MB stored, 384 MB when widened

describe.skipIf(process.platform !== 'linux')('memory of half-precision weights (read from /proc: Linux only)', () => {
  test('mapped weights are widened one at a time: the peak is the file and a little', async () => {
    expect(await grownMegabytes('mapped')).toBeLessThan(192 + 96);
  });

  test('resident weights are widened once, all of them: the measure does see them', async () => {
    expect(await grownMegabytes('resident')).toBeGreaterThan(384);
  });

  // Measured 104 to 108 MB. Of them 26 are weights; the rest is the runtime, the graphs and the intermediate results, nearly all of them the VAE's.
  test('a picture of the embedded model needs no more memory than it did', async () => {
    expect(await grownInChild(new URL('./picture-memory-child.ts', import.meta.url), [])).toBeLessThan(
      PICTURE_MEGABYTES,
    );
  });
});

async function grownMegabytes(weights: 'mapped' | 'resident'): Promise<number> {
  const path = join(await temporaryFolder(), 'chain.safetensors');
  const names = Array.from({ length: LAYERS }, (_, layer) => `layer.${layer}.weight`);
  await writeSafetensors(
    path,
    names.map((name) => ({ name, dtype: 'F16', shape: [WIDTH, WIDTH] })),
  );
  const child = new URL('./mapped-weights-child.ts', import.meta.url);
  return grownInChild(child, [path, String(LAYERS), String(WIDTH), weights]);
}

async function grownInChild(module: URL, args: readonly string[]): Promise<number> {
  const command = ['--conditions=@easel/source', fileURLToPath(module), ...args];
  const { stdout } = await promisify(execFile)(process.execPath, command, {
    env: { ...process.env, MALLOC_MMAP_THRESHOLD_: String(2 ** 20) }, // as in the engine's process on a small machine
  });
  return Number(JSON.parse(stdout).grown);
}
