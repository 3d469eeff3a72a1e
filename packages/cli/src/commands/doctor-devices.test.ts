import type { DeviceReport } from '@easel/engine';
import { expect, test } from 'vitest';
import { tellDevice, tellDevices } from './doctor-devices.ts';
import { tellCards } from './doctor-memory.ts';

const cpu = { name: 'cpu', title: 'CPU', arithmetic: 'float32' } as const;
const report = { requires: 'a driver', isSupported: true, checks: [] } as const;
const reports: readonly DeviceReport[] = [
  { ...report, name: 'webgpu', title: 'WebGPU', usable: true, speed: { device: 900, cpu: 90 } },
  { ...report, name: 'cuda', title: 'CUDA', usable: false, reason: 'no NVIDIA card was found', remedy: 'get one' },
  { ...report, name: 'coreml', title: 'Core ML', isSupported: false, usable: false },
];

test('a device that cannot be used is no problem, but is not ticked off either, and those of other platforms are left out', () => {
  expect(tellDevices(reports)).toEqual([
    expect.objectContaining({ ok: true, detail: expect.stringMatching(/^WebGPU \(webgpu\) can be used: 900 GFLOP/) }),
    expect.objectContaining({ ok: true, absent: true, remedy: 'get one' }),
  ]);
  expect(tellDevices(reports)[0]).not.toHaveProperty('absent');
  expect(tellDevices([])).toMatchObject([{ ok: true, absent: true, detail: expect.stringContaining('only the CPU') }]);
  expect(tellCards([])).toMatchObject({ detail: 'no graphics card was found', absent: true });
});

test('the device that is used is told with what has chosen it', () => {
  expect(tellDevice('auto', { ...cpu, reason: 'no graphics card was found' })).toEqual({
    detail: 'auto takes CPU (cpu): no graphics card was found',
    values: { setting: 'auto', device: 'cpu' },
  });
  const webgpu = { name: 'webgpu', title: 'WebGPU', arithmetic: 'float32' } as const;
  expect(tellDevice('webgpu', webgpu)).toEqual({
    detail: 'EASEL_DEVICE is webgpu: WebGPU (webgpu)',
    values: { setting: 'webgpu', device: 'webgpu' },
  });
});
