import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../test/temporary-folder.ts';
import type { DeviceReport } from '../device-info.ts';
import type { LoadOptions } from '../model.ts';
import type { DeviceName } from '../runtime/devices/device.ts';
import { deviceKinds } from '../runtime/devices/devices.ts';
import type { Machine } from '../runtime/devices/graphics-cards.ts';
import type { ProbeFindings } from '../runtime/devices/probe-steps.ts';
import { chooseDevice, cpuChoice, deviceOf, deviceSettings, isWorthwhile } from './choose-device.ts';
import { reportOf } from './device-report.ts';

const right = (name: string, error = 1e-6) => ({ name, ok: true, error });
const wrong = (name: string, reason: string) => ({ name, ok: false, reason });
const speeds = (device: number, cpu = 100): ProbeFindings => ({ checks: [right('product')], speed: { device, cpu } });
const all = [right('linear'), right('float16 weights'), right('fused attention'), right('float16 arithmetic', 1e-3)];
const fast: readonly ProbeFindings[] = [speeds(1000), { checks: all }];
const noAdapter = [{ checks: [wrong('product', 'Failed to get a WebGPU adapter: No supported adapters')] }];
const noLibraries = [
  { checks: [wrong('product', 'OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library')] },
];

const windows: Machine = { platform: 'win32-x64', env: {}, root: '/nowhere' };

/** A Linux machine with such files in /dev, and no libraries of CUDA. */
async function linux(...files: readonly string[]): Promise<Machine> {
  const root = await temporaryFolder();
  for (const file of files) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), '');
  }
  return { platform: 'linux-x64', env: { EASEL_DEVICES_DIR: join(root, 'devices') }, root };
}

/** Chooses by what a probe of each device would find, and tells which were tried. */
async function choose(
  options: Pick<LoadOptions, 'device' | 'arithmetic' | 'precision'>,
  machine: Machine,
  findings: Partial<Record<DeviceName, readonly ProbeFindings[]>>,
) {
  const tried: DeviceName[] = [];
  const choice = await chooseDevice(options, machine, async (name): Promise<DeviceReport> => {
    tried.push(name);
    return reportOf(name, findings[name] ?? noAdapter);
  });
  return { ...choice, tried };
}

describe('auto', () => {
  const auto = { device: 'auto' } as const;

  test('takes the first device of the platform that is right and twice as fast as the CPU', async () => {
    const { info, tried, notice } = await choose(auto, windows, { webgpu: fast, directml: fast });
    expect([info, tried, notice]).toEqual([
      { name: 'webgpu', title: 'WebGPU', arithmetic: 'float32' },
      ['webgpu'],
      undefined,
    ]);
    expect((await choose(auto, windows, { directml: fast })).info.name).toBe('directml');
  });

  test('takes the next one where the first cannot be used, and says why', async () => {
    const machine = await linux('dev/nvidia0');
    const { info, tried, notice } = await choose(auto, machine, { cuda: noLibraries, webgpu: fast });
    expect(tried).toEqual(['webgpu']); // what is not installed need not be tried
    expect(info).toMatchObject({
      name: 'webgpu',
      reason: "CUDA is not used: NVIDIA's libraries are not installed (easel device install cuda)",
    });
    expect(notice).toBeUndefined();
  });

  test('takes the CPU where a device is wrong or too slow, and says why in one line', async () => {
    const machine = await linux('dev/dri/renderD128');
    const slow = await choose(auto, machine, { webgpu: [speeds(199), { checks: all }] });
    const why = 'WebGPU is not used: it reaches 199 GFLOP/s, the CPU 100 GFLOP/s, and it should be twice as fast';
    expect(slow).toMatchObject({ info: { name: 'cpu', reason: why }, notice: `the CPU is used. ${why}` });
    const off = [
      speeds(1000),
      { checks: [...all, { ...wrong('conv', 'its results are wrong: off by 0.1'), error: 0.1 }] },
    ];
    const { info } = await choose(auto, windows, { webgpu: off, directml: noAdapter });
    expect(info.name).toBe('cpu');
    expect(info.reason).toBe(
      'WebGPU is not used: conv: its results are wrong: off by 0.1; DirectML is not used: no graphics card with a driver for it was found',
    );
  });

  test('tries nothing where Linux has no graphics card, and one that Vulkan is told of', async () => {
    const { info, tried, notice } = await choose(auto, await linux('dev/dri/card0'), { webgpu: fast });
    expect([tried, notice]).toEqual([[], undefined]);
    expect(info).toEqual({
      ...cpuChoice.info,
      reason: 'no graphics card was found (no /dev/dri/renderD* and no /dev/nvidia0)',
    });
    const told = { ...(await linux()), env: { VK_DRIVER_FILES: '/driver.json' } };
    expect(await choose(auto, told, { webgpu: fast })).toMatchObject({ info: { name: 'webgpu' }, tried: ['webgpu'] });
    expect((await choose(auto, await linux('dev/dxg'), { webgpu: fast })).tried).toEqual(['webgpu']);
  });

  test.each(['linux-arm64', 'darwin-x64'])('on %s it is the CPU, and that is said', async (platform) => {
    const { info, tried } = await choose(auto, { ...windows, platform }, {});
    expect([tried, info.name]).toEqual([[], 'cpu']);
    expect(info.reason).toContain(`on ${platform} the runtime supports only the CPU`);
  });

  test('takes the CPU for networks in 8 bits, which no other device has', async () => {
    for (const precision of ['int8', { unet: 'int8' }] as const) {
      const { info, tried } = await choose({ ...auto, precision }, windows, { webgpu: fast });
      expect([info.name, info.reason, tried]).toEqual(['cpu', 'networks in 8 bits run on the CPU only', []]);
    }
    expect((await choose({ ...auto, precision: 'exact' }, windows, { webgpu: fast })).info.name).toBe('webgpu');
  });

  test('never takes Core ML', async () => {
    const { tried } = await choose(auto, { ...windows, platform: 'darwin-arm64' }, { coreml: fast });
    expect(tried).toEqual(['webgpu']);
  });

  test('computes in float32 where float16 was asked for and is not exact enough', async () => {
    const coarse = [
      speeds(1000),
      { checks: [...all.slice(0, 3), wrong('float16 arithmetic', 'its results are wrong')] },
    ];
    const wanted = { device: 'auto', arithmetic: 'float16' } as const;
    const { info, form, notice } = await choose(wanted, windows, { webgpu: coarse });
    expect([info.arithmetic, form.arithmetic]).toEqual(['float32', 'float32']);
    expect(notice).toBe('WebGPU computes in float32: in float16 its results are wrong');
    expect(info.reason).toBe(notice);
    expect((await choose(wanted, windows, { webgpu: fast })).form.arithmetic).toBe('float16');
    const none = await choose(wanted, await linux(), {});
    expect(none.notice).toMatch(/^the CPU is used: no graphics card .*; it computes in float32, not in float16$/);
  });
});

describe('a device by its name', () => {
  test('is taken though it is slow, which is said', async () => {
    const { info, notice } = await choose({ device: 'webgpu' }, await linux(), {
      webgpu: [speeds(0.8), { checks: all }],
    });
    expect(info).toEqual({ name: 'webgpu', title: 'WebGPU', arithmetic: 'float32' });
    expect(notice).toBe('WebGPU is slower than the CPU here: it reaches 0.8 GFLOP/s, the CPU 100 GFLOP/s');
  });

  test.each([
    [
      'webgpu',
      noAdapter,
      /no graphics card with a driver/,
      /graphics card's (?:Vulkan )?driver.*; or choose another device: auto or cpu$/,
    ],
    [
      'cuda',
      noLibraries,
      /NVIDIA's libraries are not installed/,
      /run: easel device install cuda; or choose another device: auto or cpu/,
    ],
    ['coreml', fast, /has it on darwin-arm64, and this is linux-x64/, /devices of this platform are cpu, webgpu, cuda/],
    [
      'webgpu',
      [speeds(900), { checks: [wrong('conv', 'crashed')] }],
      /conv: crashed/,
      /update the graphics card's driver/,
    ],
  ] as const)(
    '%s that cannot be used is refused with the reason and the remedy',
    async (device, findings, reason, remedy) => {
      await expect(choose({ device }, await linux('dev/nvidia0'), { [device]: findings })).rejects.toMatchObject({
        code: 'device_unavailable',
        kind: 'resources',
        message: expect.stringMatching(reason),
        remedy: expect.stringMatching(remedy),
        details: { param: 'device' },
      });
    },
  );

  test('cuda is not tried where there is no card of NVIDIA, and nobody is sent to download its libraries', async () => {
    const choosing = choose({ device: 'cuda' }, await linux(), { cuda: fast });
    await expect(choosing).rejects.toMatchObject({ message: expect.stringContaining('no NVIDIA card was found') });
    const remedy = expect.stringMatching(/^it needs an NVIDIA card; if there is one, install NVIDIA's driver/);
    await expect(choosing).rejects.toMatchObject({ remedy });
    await expect(choosing).rejects.not.toMatchObject({ remedy: expect.stringContaining('device install cuda') });
  });

  test('in float16 is refused where that is not exact enough', async () => {
    const coarse = [speeds(1000), { checks: [...all.slice(0, 3), wrong('float16 arithmetic', 'off by 0.5')] }];
    await expect(
      choose({ device: 'webgpu', arithmetic: 'float16' }, windows, { webgpu: coarse }),
    ).rejects.toMatchObject({ code: 'device_unavailable', message: expect.stringMatching(/float16 here: off by 0.5/) });
  });

  test('has no networks in 8 bits, which is said before it is tried', async () => {
    const tried: DeviceName[] = [];
    const choosing = chooseDevice({ device: 'webgpu', precision: 'int8' }, windows, async (name) => {
      tried.push(name);
      return reportOf(name, fast);
    });
    await expect(choosing).rejects.toMatchObject({
      code: 'invalid_request',
      message: 'the precision int8 cannot be used on webgpu: networks in 8 bits run on the CPU only',
    });
    expect(tried).toEqual([]);
  });

  test('cpu needs no probe, and has no float16', async () => {
    expect(await choose({ device: 'cpu' }, windows, {})).toEqual({ ...cpuChoice, tried: [] });
    await expect(choose({ device: 'cpu', arithmetic: 'float16' }, windows, {})).rejects.toMatchObject({
      code: 'invalid_request',
      details: { param: 'arithmetic' },
    });
    const half = { ...windows, env: { EASEL_ARITHMETIC: 'float16' } };
    const notice = 'the CPU is used; it computes in float32, not in float16';
    expect(await choose({ device: 'cpu' }, half, {})).toMatchObject({ info: cpuChoice.info, notice });
    const auto8 = await choose({ device: 'auto', precision: 'int8' }, half, {});
    expect(auto8.notice).toMatch(/8 bits run on the CPU only; it computes in float32, not in float16$/);
  });
});

describe('settings', () => {
  const env = { EASEL_DEVICE: 'webgpu', EASEL_ARITHMETIC: 'float16' };

  test('of the environment apply where no option is given', async () => {
    const { info } = await choose({}, { ...windows, env }, { webgpu: fast });
    expect(info).toMatchObject({ name: 'webgpu', arithmetic: 'float16' });
    expect(await choose({ device: 'cpu' }, { ...windows, env }, {})).toMatchObject({ info: cpuChoice.info });
    const { form } = await choose({ arithmetic: 'float32' }, { ...windows, env }, { webgpu: fast });
    expect(form.arithmetic).toBe('float32');
  });

  test('that are not allowed are refused by name, with those that are', async () => {
    const bad = { ...windows, env: { EASEL_DEVICE: 'gpu' } };
    await expect(choose({}, bad, {})).rejects.toMatchObject({
      code: 'invalid_request',
      message: 'EASEL_DEVICE must be auto, cpu, webgpu, cuda, directml or coreml (got "gpu")',
      remedy: 'set EASEL_DEVICE to one of these, or unset it',
    });
    expect(() => deviceSettings({}, { EASEL_DEVICE: 'CUDA' })).toThrow(/^EASEL_DEVICE must be .* \(got "CUDA"\)$/);
    expect(() => deviceSettings({}, { EASEL_ARITHMETIC: 'fp16' })).toThrow(
      /^EASEL_ARITHMETIC must be float32 or float16/,
    );
    expect((await choose({}, { ...windows, env: { EASEL_DEVICE: '' } }, {})).info.name).toBe('cpu');
  });
});

describe('a report', () => {
  test('has the form of graphs that the checks allow', () => {
    const { form } = reportOf('webgpu', fast);
    expect(form).toMatchObject({ attention: 'fused', widestFusedHead: 128, stored: ['float32', 'float16'] });
    const poor = reportOf('webgpu', [
      speeds(1000),
      { checks: [right('linear'), wrong('float16 weights', 'none'), wrong('fused attention', 'wrong')] },
    ]);
    expect(poor).toMatchObject({ usable: true, form: { attention: 'plain', stored: ['float32'] } });
    expect(reportOf('cuda', [speeds(1000), { checks: [right('linear')] }]).form?.attention).toBe('plain');
  });

  test('of a device that did not start has its reason alone', () => {
    const { reason, form, speed } = reportOf('webgpu', noAdapter);
    expect([reason, form, speed]).toEqual(['no graphics card with a driver for it was found', undefined, undefined]);
    expect(isWorthwhile(reportOf('webgpu', noAdapter))).toBe(false);
  });

  test.each(Object.values(deviceKinds))(
    '$title can be made of what crosses to another process',
    ({ name, title, form }) => {
      const device = deviceOf(structuredClone({ info: { name, title, arithmetic: form.arithmetic }, form }));
      expect([device.name, device.form]).toEqual([name, form]);
    },
  );
});
