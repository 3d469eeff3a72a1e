import { describe, expect, it } from 'vitest';
import { NoticeWatch } from './notice-watch.ts';

const HOUR_MS = 3_600_000;

describe('a watch', () => {
  it('remembers a notice that came before anybody waited', async () => {
    using watch = new NoticeWatch(() => {});
    watch.notify();
    await watch.next({ withinMs: HOUR_MS });
  });

  it('wakes who waits', async () => {
    using watch = new NoticeWatch(() => {});
    const woken = watch.next({ withinMs: HOUR_MS });
    watch.notify();
    await woken;
  });

  it('gives each notice once, and resolves without one after the time', async () => {
    using watch = new NoticeWatch(() => {});
    watch.notify();
    await watch.next({ withinMs: HOUR_MS });
    const began = performance.now();
    await watch.next({ withinMs: 50 });
    expect(performance.now() - began).toBeGreaterThanOrEqual(45);
  });

  it('ends with the reason of the signal', async () => {
    using watch = new NoticeWatch(() => {});
    const controller = new AbortController();
    const waiting = watch.next({ withinMs: HOUR_MS, signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
  });
});
