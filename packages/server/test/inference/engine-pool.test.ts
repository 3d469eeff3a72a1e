import { expect, test } from 'vitest';
import { EnginePool } from '../../src/models/engine-pool.ts';
import { ModelEngine } from '../../src/models/model-engine.ts';
import { openServedModel } from '../../src/models/served-models.ts';
import { aRequest } from '../support/job-requests.ts';

const small = aRequest({ width: 64, height: 64, steps: 2 });
const options = () => ({ signal: AbortSignal.timeout(900_000), onStep: () => {} });

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
