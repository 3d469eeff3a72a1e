import { cp, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Card, chooseDeviceHere } from '@easel/engine';
import { demoModelPath } from '@easel/models';
import { expect, test, vi } from 'vitest';
import { swiftShader, tooLong } from '../../../../tests/support/software-device.ts';
import { sharesOf } from '../../src/models/engine-painter.ts';
import { EnginePool } from '../../src/models/engine-pool.ts';
import { ModelEngine } from '../../src/models/model-engine.ts';
import { type EngineSettings, openServedModel } from '../../src/models/served-models.ts';
import { aRequest } from '../support/job-requests.ts';

/** One pass of the network: the software device takes seconds for each. */
const small = aRequest({ width: 64, height: 64, steps: 1, guidanceScale: 1 });
const options = () => ({ signal: AbortSignal.timeout(900_000), onStep: () => {} });

async function openPool(engines: readonly EngineSettings[], path = 'demo'): Promise<EnginePool> {
  const model = await openServedModel({ slug: 'demo', model: path, engines }, true, {});
  const common = {
    model,
    easelVersion: 'test',
    threads: 1,
    memory: 'auto',
    textCache: false,
    onLog: () => {},
  } as const;
  return new EnginePool(model.engines.map((engine) => new ModelEngine({ ...common, engine })));
}

test.skipIf((swiftShader.missing ?? tooLong) !== undefined)(
  'of two engine processes the faster one gets the job when it is free, the other one when it is not',
  async () => {
    Object.assign(process.env, await swiftShader.environment());
    const arithmetic = 'float32';
    const pool = await openPool([
      { device: 'webgpu', arithmetic },
      { device: 'cpu', arithmetic },
    ]);
    try {
      for (const index of [0, 1]) await pool.paintWith(index, small, options());
      const deviceOf = async (painting: ReturnType<EnginePool['paint']>) => (await painting).device.name;
      expect(await deviceOf(pool.paint(small, options()))).toBe('cpu');
      const both = [pool.paint(small, options()), pool.paint(small, options())];
      expect(await Promise.all(both.map(deviceOf))).toEqual(['cpu', 'webgpu']);
      expect(pool.engines.map(({ state }) => state.device?.name)).toEqual(['webgpu', 'cpu']);
    } finally {
      await Promise.all(pool.engines.map((engine) => engine.close()));
    }
  },
  900_000,
);

const card = (index: number): Card => ({ index, name: `card ${index}`, address: `0000:0${index}:00.0` });
const onCards = [0, 1, 2].map((index) => ({ device: 'auto', arithmetic: 'float32', card: card(index) }) as const);

test('of engines for cards that cannot be used one is left, on the CPU, and it makes the pictures of all', async ({
  skip,
}) => {
  const { info } = await chooseDeviceHere({ device: 'auto' });
  if (info.name !== 'cpu') skip('this machine has a graphics card');
  const pool = await openPool(onCards);
  try {
    // At the same time, as without a first picture.
    const paintings = await Promise.all(onCards.map(() => pool.paint(small, options())));
    expect(paintings.map(({ device }) => device.name)).toEqual(['cpu', 'cpu', 'cpu']);
    expect(pool.working.map(({ state }) => [state.device?.name, state.card])).toEqual([['cpu', null]]);
    const needed = await Promise.all(onCards.map((_, index) => pool.isNeeded(index, options().signal)));
    expect(needed.filter(Boolean)).toHaveLength(1);
    const running = await Promise.all(pool.engines.map((engine) => engine.memory()));
    expect(running.filter((bytes) => bytes !== undefined)).toHaveLength(process.platform === 'linux' ? 1 : 0);
    expect((await pool.paintWith(needed.indexOf(false), small, options())).device.name).toBe('cpu');
  } finally {
    await Promise.all(pool.engines.map((engine) => engine.close()));
  }
}, 600_000);

test('engines share the memory of the place where they come to be: their card, or the machine', () => {
  const auto = { engines: onCards };
  const cpu = { engines: [{ device: 'cpu', arithmetic: 'float32' }] } as const;
  const named = { engines: [{ device: 'cuda', arithmetic: 'float32', card: card(0) }] } as const;
  const [first, second] = onCards;
  if (first === undefined || second === undefined) throw new Error('there are three');
  expect(sharesOf(first, [auto])).toEqual({ card: 1, cpu: 1 });
  expect(sharesOf(first, [auto, auto, cpu, named])).toEqual({ card: 1 / 3, cpu: 1 / 3 });
  expect(sharesOf(second, [auto, auto, cpu, named])).toEqual({ card: 1 / 2, cpu: 1 / 3 });
  expect(sharesOf(cpu.engines[0], [auto, cpu])).toMatchObject({ cpu: 1 / 2 });
  const twice = { engines: [...cpu.engines, ...cpu.engines] };
  expect(sharesOf(cpu.engines[0], [auto, twice])).toMatchObject({ cpu: 1 / 3 });
});

test.skipIf(process.platform !== 'linux' || process.arch !== 'x64')(
  'devices are not tried again after a start that failed for another reason',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'easel-'));
    const [model, away] = [join(folder, 'model'), join(folder, 'away')];
    await cp(demoModelPath, model, { recursive: true });
    vi.stubEnv('VK_DRIVER_FILES', '/no/such/driver.json'); // as with a card whose driver is broken
    vi.stubEnv('EASEL_DEVICES_DIR', folder);
    const pool = await openPool([{ device: 'auto', arithmetic: 'float32' }], model);
    try {
      await rename(model, away);
      await expect(pool.paint(small, options())).rejects.toMatchObject({ code: 'server_error' });
      await rename(away, model);
      vi.unstubAllEnvs(); // tried now, another reason would be found
      const { device } = await pool.paint(small, options());
      expect(device).toMatchObject({ name: 'cpu', reason: expect.stringContaining('WebGPU is not used') });
    } finally {
      vi.unstubAllEnvs();
      await Promise.all(pool.engines.map((engine) => engine.close()));
      await rm(folder, { recursive: true });
    }
  },
  600_000,
);

test('an engine whose process dies is left for another one that works, and gets jobs again when that is busy', async () => {
  const pids = new Map<string, number>();
  const model = await openServedModel({ slug: 'demo', model: 'demo' }, true, {});
  const engines = ['first', 'second'].map(
    (name) =>
      new ModelEngine({
        model,
        engine: { device: 'cpu', arithmetic: 'float32' },
        easelVersion: 'test',
        threads: 1,
        memory: 'auto',
        textCache: false,
        onLog: ({ pid }) => pid !== undefined && pids.set(name, pid),
      }),
  );
  const pool = new EnginePool(engines);
  try {
    for (const index of [0, 1]) await pool.paintWith(index, small, options());
    const drawing = pool.paintWith(0, aRequest({ steps: 100, samples: 4 }), {
      ...options(),
      onStep: () => process.kill(pids.get('first') ?? 0, 'SIGKILL'),
    });
    await expect(drawing).rejects.toMatchObject({ code: 'server_error' });
    const second = pids.get('second');
    const killed = pids.get('first');
    await pool.paint(small, options());
    expect([pids.get('first'), pids.get('second')]).toEqual([killed, second]);
    await Promise.all([pool.paint(small, options()), pool.paint(small, options())]);
    expect(pids.get('first')).not.toBe(killed);
  } finally {
    await Promise.all(engines.map((engine) => engine.close()));
  }
}, 600_000);
