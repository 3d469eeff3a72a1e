import { expect, test } from 'vitest';
import { cudaDriverAdvice, vulkanAdvice } from './driver-packages.ts';

test.each([
  ['Debian', 'NAME="Debian"\nID=debian\n', 'apt install libvulkan1 mesa-vulkan-drivers', 'nvidia-driver libcuda1'],
  ['Ubuntu', 'ID=ubuntu\nID_LIKE=debian\n', 'apt install libvulkan1 mesa-vulkan-drivers', 'nvidia-driver-580'],
  ['Linux Mint', "ID=linuxmint\nID_LIKE='ubuntu debian'\n", 'apt install libvulkan1', 'nvidia-driver-580'],
  ['Fedora', 'ID=fedora\n', 'dnf install vulkan-loader', 'akmod-nvidia xorg-x11-drv-nvidia-cuda'],
  ['Rocky Linux', 'ID="rocky"\nID_LIKE="rhel centos fedora"\n', 'dnf install vulkan-loader', 'akmod-nvidia'],
  ['Arch', 'ID=arch\n', 'pacman -S vulkan-icd-loader vulkan-radeon vulkan-intel', 'nvidia-open nvidia-utils'],
])('on %s the packages to install are those of its package manager', (_name, release, vulkan, nvidia) => {
  expect(vulkanAdvice(release)).toContain(vulkan);
  expect(cudaDriverAdvice(release)).toContain(nvidia);
});

test('of an unknown distribution no package is guessed', () => {
  for (const release of ['', 'ID=nixos\n', 'ID=constructor\n']) {
    expect(vulkanAdvice(release)).toMatch(/^install the Vulkan loader \(libvulkan\.so\.1\)/);
    expect(cudaDriverAdvice(release)).toMatch(/580 or newer; in a container/);
  }
});
