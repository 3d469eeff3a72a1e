import { describe, expect, test } from 'vitest';
import { EngineError } from '../errors.ts';
import { RequestQueue } from './request-queue.ts';

/** A task that ends on demand. */
function task(name: string, log: string[]) {
  const { promise, resolve } = Promise.withResolvers<string>();
  const run = () => {
    log.push(name);
    return promise;
  };
  return { run, end: () => resolve(name) };
}

describe('the request queue', () => {
  test('runs one task at a time, in the order they came', async () => {
    const log: string[] = [];
    const queue = new RequestQueue();
    const [a, b, c] = [task('a', log), task('b', log), task('c', log)];
    const all = Promise.all([a, b, c].map(({ run }) => queue.run(run)));
    await Promise.resolve();
    expect([log, queue.waiting]).toEqual([['a'], 2]);
    c.end();
    a.end();
    b.end();
    expect(await all).toEqual(['a', 'b', 'c']);
    expect([log, queue.waiting]).toEqual([['a', 'b', 'c'], 0]);
  });

  test('goes on after a task that failed', async () => {
    const queue = new RequestQueue();
    const failing = queue.run(() => Promise.reject(new Error('no')));
    const next = queue.run(async () => 'next');
    await expect(failing).rejects.toThrow('no');
    expect(await next).toBe('next');
  });

  test('a signal takes a waiting task out at once, and it never runs', async () => {
    const log: string[] = [];
    const queue = new RequestQueue();
    const [a, b, c] = [task('a', log), task('b', log), task('c', log)];
    const controller = new AbortController();
    const first = queue.run(a.run);
    const second = queue.run(b.run, controller.signal);
    const third = queue.run(c.run);
    controller.abort();
    await expect(second).rejects.toMatchObject({ code: 'cancelled' });
    a.end();
    c.end();
    await Promise.all([first, third]);
    expect(log).toEqual(['a', 'c']);
  });

  test('a signal that is aborted beforehand never enters', async () => {
    const queue = new RequestQueue();
    await expect(queue.run(async () => 1, AbortSignal.abort())).rejects.toMatchObject({ code: 'cancelled' });
    expect(await queue.run(async () => 2)).toBe(2);
  });

  test('closing refuses who waits and who comes, and lets the running task end', async () => {
    const queue = new RequestQueue();
    const a = task('a', []);
    const running = queue.run(a.run);
    const waiting = queue.run(async () => 'never');
    queue.close(new EngineError('engine_closed', 'closed'));
    await expect(waiting).rejects.toMatchObject({ code: 'engine_closed' });
    await expect(queue.run(async () => 'never')).rejects.toMatchObject({ code: 'engine_closed' });
    a.end();
    expect(await running).toBe('a');
  });
});
