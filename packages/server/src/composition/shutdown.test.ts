import { expect, test } from 'vitest';
import { createLogger } from '../observability/logger.ts';
import { Shutdown } from './shutdown.ts';

function newShutdown() {
  const lines: { phase: string; level: string }[] = [];
  const log = createLogger('info', { write: (line: string) => void lines.push(JSON.parse(line)) });
  return { shutdown: new Shutdown(log, { drainMs: 0 }), lines };
}

test('parts are stopped in the order of the phases, whatever order they were opened in', async () => {
  const { shutdown } = newShutdown();
  const stopped: string[] = [];
  for (const phase of ['database', 'queue', 'requests', 'listening', 'jobs', 'engine'] as const) {
    shutdown.on(phase, async () => stopped.push(phase));
  }
  expect(shutdown.begun.aborted).toBe(false);
  await shutdown.run();
  expect(shutdown.begun.aborted).toBe(true);
  expect(stopped).toEqual(['listening', 'jobs', 'requests', 'queue', 'engine', 'database']);
});

test('a part that cannot be stopped, or hangs, is logged, and the next ones are stopped all the same', async () => {
  const { shutdown, lines } = newShutdown();
  shutdown.on('listening', () => new Promise(() => {}));
  shutdown.on('jobs', async () => {
    throw new Error('no');
  });
  let isClosed = false;
  shutdown.on('database', async () => {
    isClosed = true;
  });
  await shutdown.run();
  expect(isClosed).toBe(true);
  expect(lines.map(({ phase, level }) => `${phase}: ${level}`)).toEqual([
    'listening: error',
    'jobs: error',
    'database: info',
  ]);
});
