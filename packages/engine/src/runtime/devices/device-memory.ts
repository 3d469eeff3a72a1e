import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { machineMemory } from '../memory.ts';
import type { DeviceName } from './device.ts';

/** The driver's tool answers in a tenth of a second, or in seconds where it has to start the card. */
const PATIENCE_MS = 10_000;
/** Below this it is the part of the machine's memory that integrated graphics keep for themselves, which does not limit them. */
const LEAST_CARD_BYTES = 2e9;

/**
 * The memory of a device in bytes: of the smallest card if there are several, since the runtime does not say which one it uses. Undefined: the
 * system does not tell.
 */
export async function deviceMemory(name: DeviceName): Promise<number | undefined> {
  if (name === 'cpu' || process.platform === 'darwin') return machineMemory(); // Apple's processors share it with their graphics
  const cards = await nvidiaCards();
  const others = name === 'cuda' ? [] : amdCards();
  return [...cards, ...others].reduce<number | undefined>((least, bytes) => Math.min(least ?? bytes, bytes), undefined);
}

/** Of the cards that the process may use (`CUDA_VISIBLE_DEVICES`, by number or UUID); of all where that says nothing the tool understands. */
async function nvidiaCards(): Promise<readonly number[]> {
  const query = ['--query-gpu=memory.total', '--format=csv,noheader,nounits'];
  const visible = process.env.CUDA_VISIBLE_DEVICES?.trim();
  const run = async (which: readonly string[]) => {
    const { stdout } = await promisify(execFile)('nvidia-smi', [...query, ...which], { timeout: PATIENCE_MS });
    return readMebibytes(stdout);
  };
  try {
    return await (visible ? run(['--id', visible]).catch(() => run([])) : run([]));
  } catch {
    return []; // no card of NVIDIA's, or no driver
  }
}

/** The numbers of the lines; a card that does not tell has `[N/A]`. */
export function readMebibytes(lines: string): readonly number[] {
  return lines.split('\n').flatMap((line) => (/^\s*\d+\s*$/.test(line) ? Number(line) * 2 ** 20 : []));
}

/** As the kernel's driver tells it (amdgpu, `mem_info_vram_total`). @param root of the file system */
export function amdCards(root = '/'): readonly number[] {
  const folder = join(root, 'sys/class/drm');
  try {
    const cards = readdirSync(folder).filter((name) => /^card\d+$/.test(name));
    return cards.map((card) => vram(join(folder, card))).filter((bytes) => bytes >= LEAST_CARD_BYTES);
  } catch {
    return []; // not Linux, or no graphics
  }
}

function vram(card: string): number {
  try {
    return Number(readFileSync(join(card, 'device/mem_info_vram_total'), 'utf8'));
  } catch {
    return 0; // another driver's
  }
}
