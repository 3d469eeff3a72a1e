import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { EngineHost } from '../../src/host/engine-host.ts';
import { runScript, startScriptedHost } from './scripted-host.ts';

/** Far from the end of the passes of a minute that are cancelled here. The promised second is the sum of the limits in cancellation.ts. */
const LONG_BEFORE_THE_END_MS = 30_000;

/** Aborts a script `afterMs` after it began and says how long the rejection took. */
async function cancelScript(host: EngineHost, script: string, afterMs: number): Promise<number> {
  const controller = new AbortController();
  const run = runScript(host, script, { signal: controller.signal });
  run.catch(() => {});
  await expect.poll(() => host.stats().state).toBe('running');
  await sleep(afterMs);
  const since = performance.now();
  controller.abort();
  await expect(run).rejects.toMatchObject({ name: 'EngineError', code: 'cancelled' });
  return performance.now() - since;
}

describe('a cancelled call', () => {
  test('stops at the next pass boundary when that is near, and the process stays', async () => {
    const host = await startScriptedHost();
    const { pid } = await runScript(host, 'unet:100');
    const tookMs = await cancelScript(host, 'unet:100 '.repeat(100).trim(), 350);
    expect(tookMs).toBeLessThan(LONG_BEFORE_THE_END_MS);
    expect((await runScript(host, 'step')).pid).toBe(pid);
    await host.close();
  });

  test('in a pass known to be long ends its process at once', async () => {
    const host = await startScriptedHost();
    const { pid } = await runScript(host, 'unet:2500');
    expect(await cancelScript(host, 'unet:60000', 200)).toBeLessThan(LONG_BEFORE_THE_END_MS);
    expect((await runScript(host, 'step')).pid).not.toBe(pid);
    await host.close();
  });

  test('near the end of a long pass waits for it', async () => {
    const host = await startScriptedHost();
    const { pid } = await runScript(host, 'unet:1500');
    expect(await cancelScript(host, 'unet:1500 unet:60000', 1200)).toBeLessThan(LONG_BEFORE_THE_END_MS);
    expect((await runScript(host, 'step')).pid).toBe(pid);
    await host.close();
  });

  test('in a first pass, whose length nobody knows, ends long before the pass would', async () => {
    const host = await startScriptedHost();
    const tookMs = await cancelScript(host, 'text_encoder:60000', 200);
    expect(tookMs).toBeGreaterThan(700);
    expect(tookMs).toBeLessThan(LONG_BEFORE_THE_END_MS);
    await runScript(host, 'step');
    await host.close();
  });

  test('in a pass that takes longer than it should ends long before the pass would', async () => {
    const host = await startScriptedHost();
    await runScript(host, 'unet:100');
    expect(await cancelScript(host, 'unet:60000', 200)).toBeLessThan(LONG_BEFORE_THE_END_MS);
    await host.close();
  });

  test('rejects also when the run ends well in the same moment', async () => {
    const host = await startScriptedHost();
    const controller = new AbortController();
    const run = runScript(host, 'unet:100', { signal: controller.signal });
    run.catch(() => {});
    await sleep(50);
    controller.abort();
    await expect(run).rejects.toMatchObject({ code: 'cancelled' });
    await host.close();
  });

  test('that waits in the queue goes at once, and the others keep their turn', async () => {
    const host = await startScriptedHost();
    const controller = new AbortController();
    let hasEnded = false;
    const running = runScript(host, 'unet:5000').finally(() => {
      hasEnded = true;
    });
    const waiting = runScript(host, 'signal:SIGSEGV', { signal: controller.signal });
    const behind = runScript(host, 'step');
    expect(host.stats().queued).toBe(2);
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
    expect(hasEnded).toBe(false);
    expect((await running).pid).toBe((await behind).pid);
    expect(host.stats().restarts).toBe(0);
    await host.close();
  });

  test('with a signal aborted before the call never reaches the process', async () => {
    const host = await startScriptedHost();
    const run = runScript(host, 'signal:SIGSEGV', { signal: AbortSignal.abort() });
    await expect(run).rejects.toMatchObject({ code: 'cancelled' });
    expect(host.stats()).toMatchObject({ state: 'idle', restarts: 0 });
    await host.close();
  });

  test('while its process starts goes at once, and the start serves the next call', async () => {
    const host = await startScriptedHost();
    await expect(runScript(host, 'exit:1')).rejects.toMatchObject({ code: 'engine_crashed' });
    const controller = new AbortController();
    const run = runScript(host, 'step', { signal: controller.signal });
    run.catch(() => {});
    await expect.poll(() => host.stats().state, { interval: 1 }).toBe('starting');
    const { pid } = host.stats();
    controller.abort();
    await expect(run).rejects.toMatchObject({ code: 'cancelled' });
    expect((await runScript(host, 'step')).pid).toBe(pid);
    await host.close();
  });
});

describe('a listener of steps', () => {
  test('hears of a step as it happens, although the process is blocked right after it', async () => {
    const host = await startScriptedHost();
    const heard: number[] = [];
    const since = performance.now();
    await runScript(host, 'step unet:3000 step unet:3000', { onStep: () => heard.push(performance.now() - since) });
    const endedMs = performance.now() - since;
    expect(heard).toHaveLength(2);
    expect(endedMs - Number(heard[0])).toBeGreaterThan(3500);
    expect(endedMs - Number(heard[1])).toBeGreaterThan(500);
    await host.close();
  });

  test('that throws cancels its call, which rejects with what was thrown; the host goes on', async () => {
    const host = await startScriptedHost();
    const { pid } = await runScript(host, 'unet:50');
    const thrown = new RangeError('no room on the screen');
    let calls = 0;
    const run = runScript(host, 'step unet:50 step unet:50 step '.repeat(20).trim(), {
      onStep: () => {
        calls += 1;
        throw thrown;
      },
    });
    await expect(run).rejects.toMatchObject({ name: 'EngineError', message: thrown.message, cause: thrown });
    expect(calls).toBe(1);
    expect((await runScript(host, 'step')).pid).toBe(pid);
    await host.close();
  });
});
