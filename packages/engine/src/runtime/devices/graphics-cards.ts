import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DeviceName } from './device.ts';

/** Where this process runs, as far as its devices depend on it. */
export interface Machine {
  /** Such as `linux-x64`. */
  readonly platform: string;
  readonly env: NodeJS.ProcessEnv;
  /** The folder that holds `dev`. */
  readonly root: string;
}

export function thisMachine(): Machine {
  return { platform: `${process.platform}-${process.arch}`, env: process.env, root: '/' };
}

/**
 * Why it is not worth trying a device, which takes seconds: this system shows no graphics card that it could be. Undefined: it may be there.
 * Only Linux tells: each card has a file in /dev (in a container only if it was given the card, in WSL /dev/dxg). A Vulkan driver that is
 * named in the environment counts, too.
 */
export function missingCard(name: DeviceName, { platform, env, root }: Machine): string | undefined {
  if (name === 'cpu' || !platform.startsWith('linux-')) return undefined;
  if (name === 'webgpu' && (env.VK_DRIVER_FILES || env.VK_ICD_FILENAMES)) return undefined;
  const ofNvidia = files(join(root, 'dev'), /^(nvidia\d+|dxg)$/);
  if (name === 'cuda') return ofNvidia ? undefined : 'no NVIDIA card was found (no /dev/nvidia0)';
  if (ofNvidia || files(join(root, 'dev/dri'), /^renderD\d+$/)) return undefined;
  return 'no graphics card was found (no /dev/dri/renderD* and no /dev/nvidia0)';
}

function files(folder: string, name: RegExp): boolean {
  try {
    return readdirSync(folder).some((file) => name.test(file));
  } catch {
    return false; // there is no such folder
  }
}
