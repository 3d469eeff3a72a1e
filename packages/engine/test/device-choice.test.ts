import { describe, expect, test } from 'vitest';
import { runInChild, swiftShader, tooLong } from '../../../tests/support/software-device.ts';
import type { DeviceReport, LoadOptions, ModelInfo, Profile } from '../src/index.ts';

const child = new URL('./device-choice-child.ts', import.meta.url);

interface Loaded {
  readonly info: ModelInfo;
  readonly pixels: readonly Uint8Array[];
  readonly notices: readonly string[];
}

const load = (options: LoadOptions, profiles: readonly Profile[] = [], device = swiftShader) =>
  runInChild<Loaded>(child, { load: options, profiles }, device);

describe.skipIf(swiftShader.missing !== undefined)('on a software device without half precision', () => {
  test('a probe finds what can be trusted: every operator, no fused attention, no half precision', async ({ skip }) => {
    if (tooLong !== undefined) skip(tooLong);
    const reports = await runInChild<readonly DeviceReport[]>(child, { report: true }, swiftShader);
    const webgpu = reports.find(({ name }) => name === 'webgpu');
    expect(webgpu).toMatchObject({
      usable: true,
      form: { attention: 'plain', stored: ['float32'], arithmetic: 'float32' },
    });
    const failed = webgpu?.checks.filter(({ ok }) => !ok).map(({ name }) => name);
    expect(failed).toEqual(['float16 weights', 'fused attention', 'float16 arithmetic']);
    // Known to be wrong: with a runtime in which it is right, the reason for plain attention is gone.
    expect(webgpu?.checks.find(({ name }) => name === 'fused attention')?.error).toBeGreaterThan(1e-2);
    const errors = webgpu?.checks.filter(({ ok }) => ok).map(({ error = 0 }) => error) ?? [];
    expect(Math.max(...errors)).toBeLessThan(1e-5);
    expect(errors.length).toBeGreaterThan(12);
    const { device = 0, cpu = 0 } = webgpu?.speed ?? {};
    expect([device, cpu].every((speed) => speed > 0)).toBe(true);
    expect(reports.map(({ name, usable }) => [name, usable])).toEqual([
      ['webgpu', true],
      ['cuda', false],
      ['directml', false],
      ['coreml', false],
    ]);
  });

  test('auto takes the CPU, and says in one line that the device is too slow', async () => {
    const { info, notices } = await load({ device: 'auto' });
    expect(info.device).toMatchObject({ name: 'cpu', title: 'CPU', arithmetic: 'float32' });
    const reason =
      /^WebGPU is not used: it reaches [\d.]+ GFLOP\/s, the CPU \d+ GFLOP\/s, and it should be twice as fast$/;
    expect(info.device.reason).toMatch(reason);
    expect(notices).toEqual([`the CPU is used. ${info.device.reason}`]);
  });

  test('by its name it is used, says that it is slow, and makes the picture of the CPU', async ({ skip }) => {
    if (tooLong !== undefined) skip(tooLong);
    const [here, there] = [
      await load({ device: 'cpu' }, ['exact']),
      await load({ device: 'webgpu', int8File: '/none' }, ['exact', 'fast']),
    ];
    expect(there.info.device).toEqual({ name: 'webgpu', title: 'WebGPU', arithmetic: 'float32' });
    expect(there.notices[0]).toMatch(/^WebGPU is slower than the CPU here: it reaches [\d.]+ GFLOP\/s/);
    const [expected = new Uint8Array(), found = new Uint8Array()] = [here.pixels[0], there.pixels[0]];
    const off = [...expected].map((value, index) => Math.abs(value - (found[index] ?? 0)));
    expect(found.length).toBe(64 * 64 * 3);
    expect(there.pixels[1]).toHaveLength(found.length); // fewer passes, for which no weights in 8 bits are needed
    expect(Math.max(...off)).toBeLessThanOrEqual(1);
    expect(off.filter((value) => value > 0).length).toBeLessThanOrEqual(found.length / 1000);
  });
});

test.skipIf(process.platform !== 'linux')(
  'a driver that cannot be loaded is no device: auto says so, and its name is refused',
  async () => {
    const broken = { ...swiftShader, environment: async () => ({ VK_DRIVER_FILES: '/no/such/driver.json' }) };
    const { info, notices } = await load({ device: 'auto' }, [], broken);
    expect(info.device).toMatchObject({
      name: 'cpu',
      reason: 'WebGPU is not used: no graphics card with a driver for it was found',
    });
    expect(notices).toHaveLength(1);
    await expect(load({ device: 'webgpu' }, [], broken)).rejects.toThrow(/device_unavailable/);
  },
);
