import type { Ready, ReadyCheck } from '@easel/contract';
import type { QueueControl } from '../jobs/queue-control.ts';
import type { Core } from './open-core.ts';

/** What a check may take: an answer that comes too late is none. */
const PATIENCE_MS = 5000;

/** Looking at the storage writes a file, so it is not done for every question. */
const STORAGE_LOOK_MS = 5000;

/**
 * Whether requests would be served: the database answers, the queue works, pictures can be stored, and some worker has drawn with the default model.
 * A worker whose engine was let go for lack of work stays ready.
 */
export async function readiness(core: Core, control: QueueControl, signal: AbortSignal): Promise<Ready> {
  const patience = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
  const checks = await Promise.all([
    check('database', patience, async () => {
      await control.state();
    }),
    check('queue', patience, async () => {
      const [model] = core.painter.models();
      if (model !== undefined) await core.queue.probe(model.slug);
    }),
    check('storage', patience, async () => {
      const problem = await core.storage.check({ maxAgeMs: STORAGE_LOOK_MS });
      if (problem !== null) throw new Error(problem);
    }),
    check('engine', patience, async () => {
      const workers = await control.workersListed();
      const isReady = workers.some(({ isLost, state }) => !isLost && state !== 'starting');
      if (!isReady) throw new Error('no worker has made a picture yet; wait, or start one with: easel worker');
    }),
  ]);
  return { status: checks.every(({ ok }) => ok) ? 'ready' : 'not_ready', checks };
}

async function check(name: string, signal: AbortSignal, look: () => Promise<void>): Promise<ReadyCheck> {
  try {
    await Promise.race([look(), untilAborted(signal)]);
    return { name, ok: true };
  } catch (error) {
    return { name, ok: false, message: error instanceof Error ? error.message : String(error) };
  }
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const late = () => reject(new Error('it does not answer'));
    if (signal.aborted) late();
    else signal.addEventListener('abort', late, { once: true });
  });
}
