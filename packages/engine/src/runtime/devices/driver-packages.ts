import { readFileSync } from 'node:fs';

/** The packages of a distribution, as its package manager knows them. */
interface DriverPackages {
  readonly install: string;
  /** The Vulkan loader, which is needed with any driver. */
  readonly loader: string;
  /** Mesa's Vulkan drivers, for AMD and Intel. */
  readonly mesa: string;
  readonly nvidia: string;
  /** What CUDA needs of the driver, where that is a package of its own. */
  readonly cuda?: string;
}

const distributions: Readonly<Record<string, DriverPackages>> = {
  debian: {
    install: 'apt install',
    loader: 'libvulkan1',
    mesa: 'mesa-vulkan-drivers',
    nvidia: 'nvidia-driver',
    cuda: 'libcuda1',
  },
  ubuntu: { install: 'apt install', loader: 'libvulkan1', mesa: 'mesa-vulkan-drivers', nvidia: 'nvidia-driver-580' },
  fedora: {
    install: 'dnf install',
    loader: 'vulkan-loader',
    mesa: 'mesa-vulkan-drivers',
    nvidia: 'akmod-nvidia', // of RPM Fusion
    cuda: 'xorg-x11-drv-nvidia-cuda',
  },
  arch: {
    install: 'pacman -S',
    loader: 'vulkan-icd-loader',
    mesa: 'vulkan-radeon vulkan-intel',
    nvidia: 'nvidia-open nvidia-utils',
  },
};

/**
 * What to install for WebGPU on Linux, in the words of this distribution.
 *
 * @param release the text of os-release(5)
 */
export function vulkanAdvice(release = readRelease()): string {
  const found = packagesOf(release);
  if (found === undefined) return "install the Vulkan loader (libvulkan.so.1) and the graphics card's Vulkan driver";
  const { install, loader, mesa, nvidia } = found;
  return `install the Vulkan loader and the graphics card's driver: ${install} ${loader} ${mesa} (AMD, Intel) or ${install} ${loader} ${nvidia} (NVIDIA)${inContainer}`;
}

/** What to install for CUDA on Linux. @param release as for `vulkanAdvice` */
export function cudaDriverAdvice(release = readRelease()): string {
  const found = packagesOf(release);
  const packages = found && [found.install, found.nvidia, found.cuda].filter(Boolean).join(' ');
  return `install NVIDIA's driver, version 580 or newer${packages ? `: ${packages}, or from NVIDIA's package repository where that is older` : ''}${inContainer}`;
}

const inContainer = '; in a container give it the card (docker run --gpus all, or --device /dev/dri)';

/** Derivatives name what they are like: Linux Mint `ubuntu debian`, Rocky Linux `rhel centos fedora`. */
function packagesOf(release: string): DriverPackages | undefined {
  const field = (name: string) => new RegExp(`^${name}=["']?([^"'\n]*)`, 'm').exec(release)?.[1] ?? '';
  const names = `${field('ID')} ${field('ID_LIKE')}`.split(/\s+/);
  return names.map((name) => (Object.hasOwn(distributions, name) ? distributions[name] : undefined)).find(Boolean);
}

function readRelease(): string {
  try {
    return readFileSync('/etc/os-release', 'utf8');
  } catch {
    return ''; // not Linux, or a system without it
  }
}
