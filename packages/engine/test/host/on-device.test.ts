import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { swiftShader, tooLong } from '../../../../tests/support/software-device.ts';
import type { EngineHost, HostLogEntry } from '../../src/host/engine-host.ts';
import { createEngineHost } from '../../src/host/host.ts';
import type { GenerateOptions, GenerateRequest } from '../../src/model.ts';
import { fixturePath } from '../fixtures.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { isAlive } from './scripted-host.ts';

// The CPU's tests of a host with an engine are in engine.test.ts; these hold on every device, and need few pictures: on a software device one
// takes a quarter of a minute.
const devices = [
  { name: 'cpu', missing: undefined, environment: async () => ({}), library: /libonnxruntime/, deadlineMs: 8000 },
  {
    name: 'webgpu',
    missing: swiftShader.missing ?? tooLong,
    environment: swiftShader.environment,
    library: /vk_swiftshader/,
    deadlineMs: 45_000,
  },
] as const;

const MINUTES = 60_000;
const request: GenerateRequest = { prompt: 'a red apple', seed: 1, steps: 2, width: 64, height: 64, guidanceScale: 1 };

describe.each(devices)('a run on the device $name', ({ name, missing, environment, library, deadlineMs }) => {
  const log: HostLogEntry[] = [];
  /** The processes of earlier runs: one may still be about to end. */
  const earlier = new Set<number>();
  let host: EngineHost;
  beforeAll(async () => {
    if (missing !== undefined) return;
    host = await createEngineHost({
      model: fixturePath('model'),
      load: { device: name, threads: 1, textCache: false },
      environment: await environment(),
      passDeadlineMs: deadlineMs,
      onLog: (entry) => log.push(entry),
    });
  }, 10 * MINUTES);
  afterAll(() => host?.close());

  /** Starts a run that does not end by itself, and waits until its process works with the device. */
  async function begin(options: GenerateOptions = {}) {
    const run = host.generate({ ...request, steps: 100, samples: 4 }, options);
    run.catch(() => {});
    const ofThisRun = () => {
      const { pid = 0, state } = host.stats();
      return state === 'running' && !earlier.has(pid) && library.test(mapsOf(pid)) ? pid : undefined;
    };
    await expect.poll(ofThisRun, { timeout: 5 * MINUTES }).toBeDefined();
    await sleep(200);
    const pid = ofThisRun() ?? 0;
    earlier.add(pid);
    return { run, pid };
  }

  test.skipIf(missing !== undefined || process.platform !== 'linux').each(['SIGKILL', 'SIGSEGV', 'SIGTERM'] as const)(
    'that dies by %s is an error of that run, and its process is gone',
    async (signal) => {
      const { run, pid } = await begin();
      process.kill(pid, signal);
      await expect(run).rejects.toMatchObject({ code: 'engine_crashed', message: expect.stringContaining(signal) });
      await expect.poll(() => isAlive(pid)).toBe(false);
    },
    10 * MINUTES,
  );

  test.skipIf(missing !== undefined || process.platform !== 'linux')(
    'that hangs is found by the deadline, and its process ended',
    async () => {
      const { run, pid } = await begin();
      process.kill(pid, 'SIGSTOP');
      await expect(run).rejects.toMatchObject({ code: 'engine_hung' });
      await expect.poll(() => isAlive(pid)).toBe(false);
    },
    10 * MINUTES,
  );

  test.skipIf(missing !== undefined || process.platform !== 'linux')(
    'is cancelled in the middle of a pass, long before its end',
    async () => {
      const controller = new AbortController();
      const { run } = await begin({ signal: controller.signal });
      controller.abort();
      await expect(run).rejects.toMatchObject({ code: 'cancelled' });
    },
    10 * MINUTES,
  );

  test.skipIf(missing !== undefined || process.platform !== 'linux')(
    'after all of that gives a picture, and its idle process exits without an error',
    async () => {
      const { images } = await host.generate(request);
      expect(images[0]?.data).toHaveLength(64 * 64 * 3);
      expect(host.info.device.name).toBe(name);
      const { pid } = host.stats();
      await host.close();
      expect(isAlive(pid)).toBe(false);
      expect(log.at(-1)).toEqual({ level: 'info', message: "the engine's process was ended (exit code 0)", pid });
    },
    10 * MINUTES,
  );

  test.skipIf(missing !== undefined || process.platform !== 'linux')(
    'ends with its host, in the middle of a pass',
    async () => {
      host = await createEngineHost({
        model: fixturePath('model'),
        load: { device: name, threads: 1, cacheDir: await temporaryFolder() },
        environment: await environment(),
      });
      const { run, pid } = await begin();
      await host.close();
      await expect(run).rejects.toMatchObject({ code: 'engine_closed' });
      expect(isAlive(pid)).toBe(false);
    },
    10 * MINUTES,
  );
});

/** What a process has loaded; nothing when it is gone. */
function mapsOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/maps`, 'utf8');
  } catch {
    return '';
  }
}
