/** Changes the size of one of two networks on WebGPU again and again, and answers with the memory of the process after each change, in bytes. */
import { answer } from '../../../../tests/support/software-device.ts';
import { processMemory } from '../../src/host/process-memory.ts';
import { webgpu } from '../../src/runtime/devices/webgpu.ts';
import { Residency } from '../../src/runtime/residency.ts';
import { defaultTarget } from '../../src/runtime/variant.ts';
import { readSafetensors } from '../../src/weights/safetensors.ts';
import { chainNetwork } from './chain-network.ts';

export interface SizeChanges {
  readonly path: string;
  readonly layers: number;
  readonly width: number;
  readonly changes: number;
  /** Whether the networks share a residency. */
  readonly shared: boolean;
}

await answer(async ({ path, layers, width, changes, shared }: SizeChanges) => {
  const device = webgpu.create({ ...webgpu.form, stored: ['float32'] });
  const tensors = await readSafetensors(path);
  const residency = new Residency(device, 'large');
  const texts = chainNetwork(tensors, 'layer', { layers: 1, width }, shared ? residency : undefined);
  const unet = chainNetwork(tensors, 'layer', { layers, width }, shared ? residency : undefined);
  residency.add({ stage: 'texts', release: () => texts.release() });
  residency.add({ stage: 'denoise', release: () => unet.release() });
  const context = { target: { ...defaultTarget, device }, hooks: {} };
  const memory: number[] = [];
  for (let change = 0; change < changes; change++) {
    const rows = 1 + (change % 3);
    if (shared) await residency.resize({ width: 64 * rows, height: 64 });
    await texts.run({ rows: 1 }, { x: new Float32Array(width) }, context);
    await unet.run({ rows }, { x: new Float32Array(rows * width) }, context);
    memory.push((await processMemory(process.pid))?.anonymous ?? Number.NaN);
  }
  await texts.release();
  await unet.release();
  return memory;
});
