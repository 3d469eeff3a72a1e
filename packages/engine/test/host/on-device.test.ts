import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { swiftShader, tooLong } from '../../../../tests/support/software-device.ts';
import { EngineError } from '../../src/errors.ts';
import { childModule, EngineChild } from '../../src/host/child-process.ts';
import type { EngineHost, HostLogEntry } from '../../src/host/engine-host.ts';
import { createEngineHost } from '../../src/host/host.ts';
import { isGenerateResult, isModelInfo } from '../../src/host/protocol.ts';
import { PassHistory, superviseCall } from '../../src/host/supervision.ts';
import { cpuChoice } from '../../src/loading/choose-device.ts';
import type { GenerateOptions, GenerateRequest, GenerateResult } from '../../src/model.ts';
import { softwareChoice } from '../devices/software-choice.ts';
import { fixturePath } from '../fixtures.ts';
import { temporaryFolder } from '../temporary-folder.ts';
import { isAlive } from './scripted-host.ts';

// The CPU's tests of a host with an engine are in engine.test.ts; these hold on every device, and need few pictures: on a software device one
// takes a quarter of a minute.
const devices = [
  { name: 'cpu', missing: undefined, environment: async () => ({}), library: /libonnxruntime/, deadlineMs: 20_000 },
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

  /**
   * Starts a run that does not end by itself, and waits until its process works with the device. Once more where the deadline, which is short
   * here, has ended its process: on a machine with other work, loading takes as long.
   */
  async function begin(
    options: GenerateOptions = {},
  ): Promise<{ readonly run: Promise<GenerateResult>; readonly pid: number }> {
    const run = host.generate({ ...request, steps: 100, samples: 4 }, options);
    let early: unknown;
    run.then(
      () => {
        early = 'a run that should not have ended';
      },
      (error) => {
        early = error;
      },
    );
    const ofThisRun = () => {
      const { pid = 0, state } = host.stats();
      return state === 'running' && !earlier.has(pid) && library.test(mapsOf(pid)) ? pid : undefined;
    };
    await expect.poll(() => ofThisRun() ?? early, { timeout: 5 * MINUTES }).toBeDefined();
    if (early instanceof EngineError && early.code === 'engine_hung') return begin(options);
    expect(early).toBeUndefined();
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
    'that is cancelled begins at most one more pass, or its process is gone',
    async () => {
      const choice = name === 'cpu' ? cpuChoice : softwareChoice(swiftShader);
      const child = new EngineChild(childModule('child'), () => {}, await environment());
      onTestFinished(() => child.stop());
      const passes = new CountedPasses();
      const supervision = { passes, deadlineMs: () => Number.POSITIVE_INFINITY, pixels: 64 * 64 };
      const options = { threads: 1, textCache: false };
      const load = { type: 'load', model: fixturePath('model'), options, device: choice } as const;
      await superviseCall(child, load, isModelInfo, supervision);
      const controller = new AbortController();
      const { promise: stepped, resolve: onStep } = Promise.withResolvers<void>();
      const call = {
        type: 'generate',
        request: { ...request, steps: 100, samples: 4 },
        steps: true,
        previewEvery: undefined,
      } as const;
      const { signal } = controller;
      const run = superviseCall(child, call, isGenerateResult, { ...supervision, signal, onStep: () => onStep() });
      run.catch(() => {});
      await stepped;
      // Stopped until all that it has told is read: how fast either of the two processes is does not matter.
      const { pid = 0 } = child;
      process.kill(pid, 'SIGSTOP');
      await sleep(500);
      const before = passes.ended;
      controller.abort();
      process.kill(pid, 'SIGCONT');
      await expect(run).rejects.toMatchObject({ code: 'cancelled' });
      expect(passes.ended - before).toBeLessThanOrEqual(2); // the one that was running, and the one
      expect(before).toBeLessThan(400);
      if (!child.usable) await expect.poll(() => isAlive(pid)).toBe(false);
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

/** Counts the passes of the network that have ended. */
class CountedPasses extends PassHistory {
  ended = 0;

  override record(...[kind, pixels, ms]: Parameters<PassHistory['record']>): void {
    if (kind === 'unet') this.ended += 1;
    super.record(kind, pixels, ms);
  }
}

/** What a process has loaded; nothing when it is gone. */
function mapsOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/maps`, 'utf8');
  } catch {
    return '';
  }
}
