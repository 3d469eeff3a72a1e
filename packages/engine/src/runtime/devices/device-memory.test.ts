import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../../../test/temporary-folder.ts';
import { amdCards, deviceMemory, readMebibytes } from './device-memory.ts';

const MIB = 2 ** 20;

test("NVIDIA's tool tells the memory of each card, or that it does not know", () => {
  expect(readMebibytes('8192\n24564 \n')).toEqual([8192 * MIB, 24_564 * MIB]);
  expect(readMebibytes('[N/A]\n')).toEqual([]);
  expect(readMebibytes('No devices were found\n')).toEqual([]);
  expect(readMebibytes('')).toEqual([]);
});

test("amdgpu's cards are read from the kernel; what integrated graphics keep for themselves is no card's memory", async () => {
  const root = await temporaryFolder();
  const files = {
    'card0/device/mem_info_vram_total': String(512 * MIB),
    'card1/device/mem_info_vram_total': String(16_368 * MIB),
    'card1-DP-1/status': 'connected',
    'card2/device/vendor': '0x8086',
  };
  for (const [path, text] of Object.entries(files)) {
    const file = join(root, 'sys/class/drm', path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${text}\n`);
  }
  expect(amdCards(root)).toEqual([16_368 * MIB]);
  expect(amdCards(join(root, 'nothing'))).toEqual([]);
});

test.skipIf(process.platform !== 'linux')('of several cards the smallest counts, unless one is chosen', async () => {
  const folder = await temporaryFolder();
  const tool = join(folder, 'nvidia-smi');
  writeFileSync(
    tool,
    '#!/bin/sh\ncase "$*" in *--id*1*) echo 8192;; *--id*) exit 6;; *) echo 24564; echo 12282;; esac\n',
  );
  chmodSync(tool, 0o755);
  const { PATH, CUDA_VISIBLE_DEVICES } = process.env;
  onTestFinished(() => {
    process.env.PATH = PATH;
    if (CUDA_VISIBLE_DEVICES === undefined) delete process.env.CUDA_VISIBLE_DEVICES;
    else process.env.CUDA_VISIBLE_DEVICES = CUDA_VISIBLE_DEVICES;
  });
  process.env.PATH = `${folder}${delimiter}${PATH}`;
  delete process.env.CUDA_VISIBLE_DEVICES;
  expect(await deviceMemory('cuda')).toBe(12_282 * MIB);
  process.env.CUDA_VISIBLE_DEVICES = '1';
  expect(await deviceMemory('cuda')).toBe(8192 * MIB);
  process.env.CUDA_VISIBLE_DEVICES = 'MIG-unknown';
  expect(await deviceMemory('cuda')).toBe(12_282 * MIB);
});
