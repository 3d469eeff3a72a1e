import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EngineHost, HostLogEntry, HostOptions } from '../../src/host/engine-host.ts';
import { createEngineHost } from '../../src/host/host.ts';
import { loadModel } from '../../src/load-model.ts';
import type { GenerateOptions, GenerateRequest, GenerateResult, Model, StepEvent } from '../../src/model.ts';
import { demoModel } from './demo-model.ts';
import { isAlive } from './scripted-host.ts';

/** The promise is a second; what is over it is for the scheduler of a machine that runs other tests as well. */
const PROMISED_MS = 1000 + 300;
const apple: GenerateRequest = { prompt: 'a red apple on a blue background', seed: 11, steps: 3 };
const pixels = ({ images }: GenerateResult) => images.map(({ data }) => data);

let folder: string;
let model: Model;
let reference: GenerateResult;
const hosts: EngineHost[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'easel-engine-'));
  model = await loadModel(demoModel, { cacheDir: folder });
  reference = await model.generate(apple);
});

afterAll(async () => {
  await Promise.all([model.close(), ...hosts.map((host) => host.close())]);
  await rm(folder, { recursive: true });
});

async function openHost(options: Partial<HostOptions> = {}): Promise<EngineHost> {
  const host = await createEngineHost({ model: demoModel, load: { cacheDir: folder }, ...options });
  hosts.push(host);
  return host;
}

async function expectToWork(host: EngineHost): Promise<void> {
  expect(pixels(await host.generate(apple))).toEqual(pixels(reference));
}

/** Starts a long run and does something at its first step, while the next pass runs. */
function atFirstStep(host: EngineHost, act: () => void, options: GenerateOptions = {}): Promise<GenerateResult> {
  let acted = false;
  const onStep = () => {
    if (!acted) act();
    acted = true;
  };
  return host.generate({ ...apple, steps: 100 }, { ...options, onStep });
}

describe('the engine in a process of its own', () => {
  let host: EngineHost;
  beforeAll(async () => {
    host = await openHost();
  });

  test('describes the model and counts tokens as the engine in this process does', async () => {
    expect(host.info).toEqual(model.info);
    expect(await host.tokenize('a red apple')).toEqual(await model.tokenize('a red apple'));
  });

  test.each<[string, GenerateRequest]>([
    ['text', { ...apple, samples: 2, negativePrompt: '' }],
    [
      'a given noise',
      { prompt: 'a cup', steps: 2, width: 64, height: 64, latents: new Float32Array(4 * 8 * 8).fill(0.5) },
    ],
    [
      'a picture',
      {
        ...apple,
        seed: 2n ** 63n,
        image: { picture: { width: 64, height: 64, data: new Uint8Array(3 * 64 * 64).fill(90) }, strength: 0.9 },
      },
    ],
  ])('makes the same bytes from %s', async (_, request) => {
    const [here, there] = [await model.generate(request), await host.generate(request)];
    expect(pixels(there)).toEqual(pixels(here));
    expect(there.images.map(({ seed }) => seed)).toEqual(here.images.map(({ seed }) => seed));
    expect([there.used, there.truncated]).toEqual([here.used, here.truncated]);
  });

  test('tells of the same steps, with the same previews', async () => {
    const collect = async (engine: Model) => {
      const steps: StepEvent[] = [];
      await engine.generate(apple, { previewEvery: 2, onStep: (step) => steps.push(step) });
      return steps.map(({ index, total, sample, sigma, preview }) => ({ index, total, sample, sigma, preview }));
    };
    const there = await collect(host);
    expect(there).toEqual(await collect(model));
    expect(there.map(({ preview }) => preview !== undefined)).toEqual([false, true, true]);
  });

  test('refuses what the engine refuses, with the same error', async () => {
    const bad = { ...apple, width: 100 };
    const here = await model.generate(bad).catch((error) => error);
    await expect(host.generate(bad)).rejects.toMatchObject({
      name: 'EngineError',
      code: here.code,
      message: here.message,
      details: here.details,
    });
  });

  test('makes two pictures asked for at once one after the other', async () => {
    const order: string[] = [];
    const run = (name: string) => host.generate(apple, { onStep: ({ index }) => order.push(`${name}${index}`) });
    const results = await Promise.all([run('a'), run('b')]);
    expect(order).toEqual(['a1', 'a2', 'a3', 'b1', 'b2', 'b3']);
    for (const result of results) expect(pixels(result)).toEqual(pixels(reference));
  });

  test('is cancelled within a second in any phase, and stays loaded', async () => {
    const { pid } = host.stats();
    const phases = { encoding: 0, denoising: 2, decoding: 3 };
    for (const [phase, atStep] of Object.entries(phases)) {
      const controller = new AbortController();
      let abortedAt = 0;
      const abort = () => {
        abortedAt = performance.now();
        controller.abort();
      };
      // Another prompt each time: an encoded one is remembered.
      const run = host.generate(
        { ...apple, prompt: phase },
        { signal: controller.signal, onStep: ({ index }) => index === atStep && abort() },
      );
      if (atStep === 0) setTimeout(abort, 10);
      await expect(run, phase).rejects.toMatchObject({ code: 'cancelled' });
      expect(performance.now() - abortedAt, phase).toBeLessThan(PROMISED_MS);
    }
    expect(host.stats().pid).toBe(pid);
    await expectToWork(host);
  });

  test('rejects when the listener of steps throws, and goes on', async () => {
    const thrown = new Error('from the listener');
    const act = () => {
      throw thrown;
    };
    await expect(atFirstStep(host, act)).rejects.toMatchObject({ message: thrown.message, cause: thrown });
    await expectToWork(host);
  });

  test('waits in the queue no longer than its caller', async () => {
    const controller = new AbortController();
    const running = host.generate(apple);
    const waiting = host.generate(apple, { signal: controller.signal });
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
    expect(pixels(await running)).toEqual(pixels(reference));
  });
});

describe('a process that dies or hangs in mid-run', () => {
  test.skipIf(process.platform === 'win32').each(['SIGKILL', 'SIGSEGV', 'SIGTERM'] as const)(
    'by %s is an error of that call, and the next one works',
    async (signal) => {
      const host = await openHost();
      const { pid = 0 } = host.stats();
      const run = atFirstStep(host, () => process.kill(pid, signal));
      await expect(run).rejects.toMatchObject({ code: 'engine_crashed', message: expect.stringContaining(signal) });
      await expectToWork(host);
      expect(isAlive(pid)).toBe(false);
      await host.close();
    },
  );

  test.skipIf(process.platform === 'win32')('by being stopped is found by the deadline', async () => {
    const host = await openHost({ passDeadlineMs: 20_000 });
    const { pid = 0 } = host.stats();
    await expect(atFirstStep(host, () => process.kill(pid, 'SIGSTOP'))).rejects.toMatchObject({ code: 'engine_hung' });
    await expectToWork(host);
    expect(isAlive(pid)).toBe(false);
    await host.close();
  });
});

describe('a host', () => {
  test('frees the memory when idle, and makes the same picture afterwards', async () => {
    const log: HostLogEntry[] = [];
    const host = await openHost({ idleMs: 400, onLog: (entry) => log.push(entry) });
    await expectToWork(host);
    const { pid } = host.stats();
    await expect.poll(() => host.stats().state).toBe('absent');
    expect([isAlive(pid), await host.memory()]).toEqual([false, undefined]);
    expect(log.at(-1)?.message).toContain('exit code 0');
    await expectToWork(host);
    await host.close();
  });

  test('closes in mid-run: the run is refused and its process gone', async () => {
    const host = await openHost();
    const { pid } = host.stats();
    let closing: Promise<void> | undefined;
    const run = atFirstStep(host, () => {
      closing = host.close();
    });
    await expect(run).rejects.toMatchObject({ code: 'engine_closed' });
    await closing;
    expect(isAlive(pid)).toBe(false);
    await expect(host.generate(apple)).rejects.toMatchObject({ code: 'engine_closed' });
  });

  test('refuses a model that is not there as the engine does', async () => {
    const missing = join(folder, 'nothing-here');
    const here = await loadModel(missing).catch((error) => error);
    await expect(openHost({ model: missing })).rejects.toMatchObject({ code: here.code, message: here.message });
  });

  test.skipIf(process.platform === 'win32')('leaves no trace of telemetry in the home of its user', async () => {
    const home = await mkdtemp(join(tmpdir(), 'easel-home-'));
    const { HOME, XDG_CACHE_HOME } = process.env;
    process.env.HOME = home;
    delete process.env.XDG_CACHE_HOME;
    try {
      const host = await openHost();
      await expectToWork(host);
      await host.close();
      expect(await readdir(home, { recursive: true })).toEqual([]);
    } finally {
      process.env.HOME = HOME;
      if (XDG_CACHE_HOME !== undefined) process.env.XDG_CACHE_HOME = XDG_CACHE_HOME;
      await rm(home, { recursive: true });
    }
  });
});
