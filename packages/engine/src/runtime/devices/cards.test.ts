import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cardEnvironment, kernelCards, parseSmi } from './cards.ts';

test("NVIDIA's cards have their addresses as the kernel writes them, and their memory where it is told", () => {
  const text = [
    '00000000:01:00.0, GPU-5f3a1c2e-0001, 24564, NVIDIA GeForce RTX 4090',
    '00010000:C1:00.0, GPU-5f3a1c2e-0002, [N/A], NVIDIA GB10',
    'No devices were found',
  ].join('\r\n');
  expect(parseSmi(text)).toEqual([
    {
      address: '0000:01:00.0',
      uuid: 'GPU-5f3a1c2e-0001',
      memoryBytes: 24564 * 2 ** 20,
      name: 'NVIDIA GeForce RTX 4090',
    },
    { address: '0000:c1:00.0', uuid: 'GPU-5f3a1c2e-0002', name: 'NVIDIA GB10' },
  ]);
  expect(parseSmi('')).toEqual([]);
});

test("the kernel's cards are those with a render node on the PCI bus", async () => {
  const root = await mkdtemp(join(tmpdir(), 'easel-cards-'));
  try {
    const drm = join(root, 'sys/class/drm');
    const place = async (node: string, address: string, files: Readonly<Record<string, string>>) => {
      const device = join(root, 'sys/devices', address);
      await mkdir(device, { recursive: true });
      await mkdir(join(drm, node), { recursive: true });
      for (const [name, text] of Object.entries(files)) await writeFile(join(device, name), `${text}\n`);
      await symlink(`../../../devices/${address}`, join(drm, node, 'device'));
    };
    await place('renderD128', '0000:03:00.0', {
      vendor: '0x1002',
      device: '0x73ff',
      mem_info_vram_total: '8573157376',
    });
    await place('renderD129', '0000:00:02.0', { vendor: '0x8086', device: '0x56a0', product_name: 'Arc A770' });
    await place('renderD130', 'virtio0', { vendor: '0x1af4', device: '0x1050' });
    await place('card0', '0000:02:00.0', { vendor: '0x1a03', device: '0x2000' });
    const cards = kernelCards(root).toSorted((one, other) => (one.address < other.address ? -1 : 1));
    expect(cards).toEqual([
      { address: '0000:00:02.0', name: 'Arc A770' },
      { address: '0000:03:00.0', name: 'AMD 1002:73ff', memoryBytes: 8_573_157_376 },
    ]);
  } finally {
    await rm(root, { recursive: true });
  }
  expect(kernelCards(join(root, 'missing'))).toEqual([]);
});

test('a process of one card sees no other, neither with CUDA nor with Vulkan', () => {
  const nvidia = { index: 0, name: 'a', address: '0000:01:00.0', uuid: 'GPU-1' };
  expect(cardEnvironment(nvidia)).toEqual({
    CUDA_VISIBLE_DEVICES: 'GPU-1',
    DRI_PRIME: 'pci-0000_01_00_0',
    MESA_VK_DEVICE_SELECT_FORCE_DEFAULT_DEVICE: '1',
  });
  expect(cardEnvironment({ index: 1, name: 'b', address: '0000:03:00.0' })).toMatchObject({
    CUDA_VISIBLE_DEVICES: '-1',
    DRI_PRIME: 'pci-0000_03_00_0',
  });
});
