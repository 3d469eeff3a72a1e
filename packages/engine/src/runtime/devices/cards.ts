import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename, join } from 'node:path';

/** A graphics card of this machine. */
export interface Card {
  /** 0, 1, … in the order of the PCI addresses. */
  readonly index: number;
  readonly name: string;
  /** As the kernel writes it: `0000:01:00.0`. */
  readonly address: string;
  readonly memoryBytes?: number;
  /** NVIDIA's name for this very card. */
  readonly uuid?: string;
}

type FoundCard = Omit<Card, 'index'>;

const SMI_TIMEOUT_MS = 10_000;

/** The graphics cards here: NVIDIA's as `nvidia-smi` lists them, on Linux also those that the kernel has a driver for. */
export async function findCards(signal?: AbortSignal): Promise<readonly Card[]> {
  const nvidia = parseSmi(await runSmi(signal));
  return numbered([
    ...nvidia,
    ...kernelCards('/').filter(({ address }) => !nvidia.some((card) => card.address === address)),
  ]);
}

function numbered(cards: readonly FoundCard[]): Card[] {
  return cards
    .toSorted((one, other) => (one.address < other.address ? -1 : 1))
    .map((card, index) => ({ index, ...card }));
}

/**
 * What makes a process see this card only.
 *
 * CUDA: `CUDA_VISIBLE_DEVICES` (CUDA C++ Programming Guide, "CUDA Environment Variables"). Vulkan, and so WebGPU on Linux: Mesa's device
 * selection layer, which any vendor's driver passes through where it is installed (docs.mesa3d.org, "Environment Variables": `DRI_PRIME`,
 * `MESA_VK_DEVICE_SELECT_FORCE_DEFAULT_DEVICE`). Without that layer WebGPU takes whichever card the driver puts first.
 */
export function cardEnvironment({ address, uuid }: Card): Readonly<Record<string, string>> {
  return {
    CUDA_VISIBLE_DEVICES: uuid ?? '-1',
    DRI_PRIME: `pci-${address.replace(/[:.]/g, '_')}`,
    MESA_VK_DEVICE_SELECT_FORCE_DEFAULT_DEVICE: '1',
  };
}

/** Empty without NVIDIA's driver. */
function runSmi(signal: AbortSignal | undefined): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const query = ['--query-gpu=pci.bus_id,uuid,memory.total,name', '--format=csv,noheader,nounits'];
  const options = { timeout: SMI_TIMEOUT_MS, windowsHide: true, ...(signal && { signal }) };
  execFile('nvidia-smi', query, options, (error, stdout) => resolve(error === null ? stdout : ''));
  return promise;
}

/** Lines such as `00000000:01:00.0, GPU-5f3a…, 24564, NVIDIA GeForce RTX 4090`; the memory is in mebibytes. */
export function parseSmi(text: string): FoundCard[] {
  return text.split('\n').flatMap((line) => {
    const parts = /^([0-9a-f]{4,8}):([0-9a-f]{2}:[0-9a-f]{2}\.[0-9a-f]),\s*(GPU-[^,\s]+),\s*([^,]*),\s*(.+)$/i.exec(
      line.trim(),
    );
    if (parts === null) return [];
    const [, domain = '', place = '', uuid = '', mebibytes = '', name = ''] = parts;
    const memoryBytes = Number(mebibytes) * 2 ** 20;
    return {
      name,
      address: `${domain.slice(-4)}:${place}`.toLowerCase(),
      uuid,
      // "[N/A]" on cards that share the memory of the processor.
      ...(memoryBytes > 0 && { memoryBytes }),
    };
  });
}

const vendors = new Map([
  ['0x1002', 'AMD'],
  ['0x10de', 'NVIDIA'],
  ['0x8086', 'Intel'],
  ['0x13b5', 'Arm'],
  ['0x5143', 'Qualcomm'],
]);

/** Those that can compute have a render node (kernel documentation, "GPU userspace interface: render nodes"). @param root the folder that holds `sys` */
export function kernelCards(root: string): FoundCard[] {
  const folder = join(root, 'sys/class/drm');
  return list(folder)
    .filter((node) => /^renderD\d+$/.test(node))
    .flatMap((node) => {
      const device = join(folder, node, 'device');
      const address = addressOf(device);
      if (address === undefined) return [];
      const [vendor = '', model = '', memory] = ['vendor', 'device', 'mem_info_vram_total'].map((name) =>
        readText(join(device, name)),
      );
      const maker = vendors.get(vendor) ?? vendor;
      const memoryBytes = Number(memory);
      return {
        name: readText(join(device, 'product_name')) || `${maker} ${vendor.slice(2)}:${model.slice(2)}`,
        address,
        ...(memoryBytes > 0 && { memoryBytes }),
      };
    });
}

/** Undefined for a virtual card, which is no device of the PCI bus. */
function addressOf(device: string): string | undefined {
  try {
    const name = basename(readlinkSync(device));
    return /^[0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-9a-f]$/.test(name) ? name : undefined;
  } catch {
    return undefined;
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return undefined;
  }
}
