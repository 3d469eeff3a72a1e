import { afterEach, expect, test, vi } from 'vitest';
import type { HostLogEntry } from '../../src/host/engine-host.ts';
import { chooseDeviceHere } from '../../src/host/probe-devices.ts';
import { type ProbeStep, probeSteps } from '../../src/runtime/devices/probe-steps.ts';
import { crashAt, hangAt, isAlive, runScript, scriptedChild, startScriptedHost } from './scripted-host.ts';

afterEach(() => vi.unstubAllEnvs());

/** As on a machine with a card that only the child's script knows. */
function withCard(): void {
  vi.stubEnv('VK_DRIVER_FILES', '/a/driver.json');
}

const isLinux = process.platform === 'linux' && process.arch === 'x64';
const noLinux = 'which device auto tries is different here';

test('a device is tried once in the life of a host, whatever becomes of its process', async ({ skip }) => {
  if (!isLinux) skip(noLinux);
  withCard();
  const log: HostLogEntry[] = [];
  const tried: (string | undefined)[] = [];
  const host = await startScriptedHost({
    load: { device: 'auto' },
    onLog: (entry) => log.push(entry),
    onTrying: (title) => tried.push(title),
  });
  expect(tried).toEqual(['WebGPU', undefined]);
  expect(host.info.device).toMatchObject({ name: 'webgpu', title: 'WebGPU' });
  const starts = () => log.filter(({ message }) => message.includes('was started')).length;
  await expect(runScript(host, 'signal:SIGKILL')).rejects.toMatchObject({ code: 'engine_crashed' });
  vi.stubEnv('VK_DRIVER_FILES', undefined); // a second probe would find no card
  await runScript(host, 'step');
  expect([host.info.device.name, starts()]).toEqual(['webgpu', 2]);
  await host.close();
});

const required = ['speed', 'operators', 'converted'] as const satisfies readonly ProbeStep[];
const optional = probeSteps.filter((step) => !required.some((name) => name === step));

test.each(required)('auto takes the CPU where the driver ends the process at %s, and says why', async (step) => {
  if (!isLinux) return;
  withCard();
  const log: HostLogEntry[] = [];
  const load = { device: 'auto', threads: crashAt(step) } as const;
  const host = await startScriptedHost({ load, onLog: (entry) => log.push(entry) });
  const reason = /^WebGPU is not used: .*its driver ended the process that tried it \(SIGSEGV\)$/;
  expect(host.info.device).toMatchObject({ name: 'cpu', reason: expect.stringMatching(reason) });
  expect(log.filter(({ level }) => level === 'notice')).toEqual([
    { level: 'notice', message: `the CPU is used. ${host.info.device.reason}`, pid: undefined },
  ]);
  await runScript(host, 'step');
  await host.close();
});

test.each(optional)('a device whose driver ends the process at %s is used without that', async (step) => {
  const choice = await chooseDeviceHere({ device: 'webgpu', threads: crashAt(step) }, { module: scriptedChild });
  expect(choice.info.name).toBe('webgpu');
  expect(choice.form.attention).toBe(step === 'attention' ? 'plain' : 'fused');
  expect(choice.form.stored).toEqual(step === 'weights' ? ['float32'] : ['float32', 'float16']);
  const half = { device: 'webgpu', arithmetic: 'float16', threads: crashAt(step) } as const;
  const choosing = chooseDeviceHere(half, { module: scriptedChild });
  if (step === 'float16') await expect(choosing).rejects.toMatchObject({ code: 'device_unavailable' });
  else expect((await choosing).form.arithmetic).toBe('float16');
});

test('a device that hangs is given up after a while, by its name with an error', async () => {
  const options = { module: scriptedChild, limitMs: 10_000 };
  await expect(chooseDeviceHere({ device: 'webgpu', threads: hangAt('operators') }, options)).rejects.toMatchObject({
    code: 'device_unavailable',
    message: expect.stringContaining('it hangs: a small network had not ended after 10 s'),
  });
});

test('a start that is aborted ends the probe', async () => {
  const controller = new AbortController();
  let hanging: number | undefined;
  const onLog = ({ message }: HostLogEntry) => {
    hanging = Number.parseInt(message, 10);
    controller.abort();
  };
  const load = { device: 'webgpu', threads: hangAt('operators') } as const;
  const starting = startScriptedHost({ load, signal: controller.signal, onLog });
  await expect(starting).rejects.toMatchObject({ code: 'cancelled' });
  expect(hanging).toBeGreaterThan(0);
  expect(isAlive(hanging)).toBe(false);
});
