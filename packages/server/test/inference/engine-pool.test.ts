import { expect, test } from 'vitest';
import { swiftShader, tooLong } from '../../../../tests/support/software-device.ts';
import { EnginePool } from '../../src/models/engine-pool.ts';
import { ModelEngine } from '../../src/models/model-engine.ts';
import { type EngineSettings, openServedModel } from '../../src/models/served-models.ts';
import { aRequest } from '../support/job-requests.ts';

/** One pass of the network: the software device takes seconds for each. */
const small = aRequest({ width: 64, height: 64, steps: 1, guidanceScale: 1 });
const options = () => ({ signal: AbortSignal.timeout(900_000), onStep: () => {} });

async function openPool(engines: readonly EngineSettings[]): Promise<EnginePool> {
  const model = await openServedModel({ slug: 'demo', model: 'demo', engines }, true, {});
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
