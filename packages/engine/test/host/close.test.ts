import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isAlive, runScript, startScriptedHost } from './scripted-host.ts';

const closed = { name: 'EngineError', code: 'engine_closed' };

describe('closing a host', () => {
  test('that is idle ends its process, and later calls are refused', async () => {
    const host = await startScriptedHost();
    const { pid } = await runScript(host, 'step');
    await Promise.all([host.close(), host.close()]);
    expect(isAlive(pid)).toBe(false);
    await expect(runScript(host, 'step')).rejects.toMatchObject(closed);
    await expect(host.tokenize('a')).rejects.toMatchObject(closed);
    await expect(host.prepare({ width: 64, height: 64 })).rejects.toMatchObject(closed);
    expect(host.stats()).toMatchObject({ pid: undefined, state: 'closed' });
  });

  test('in the middle of a pass ends it, and refuses the running call and those that wait', async () => {
    const host = await startScriptedHost();
    const { pid } = await runScript(host, 'step');
    const calls = [runScript(host, 'unet:60000'), runScript(host, 'step'), host.tokenize('a')];
    const outcomes = Promise.allSettled(calls);
    await expect.poll(() => host.stats().state).toBe('running');
    await host.close();
    expect(await outcomes).toEqual(calls.map(() => ({ status: 'rejected', reason: expect.objectContaining(closed) })));
    expect(isAlive(pid)).toBe(false);
  });

  test('while a process starts refuses the call and leaves no process', async () => {
    const host = await startScriptedHost();
    await expect(runScript(host, 'exit:1')).rejects.toMatchObject({ code: 'engine_crashed' });
    const call = runScript(host, 'step');
    call.catch(() => {});
    await expect.poll(() => host.stats().state, { interval: 1 }).toBe('starting');
    const { pid } = host.stats();
    await host.close();
    await expect(call).rejects.toMatchObject(closed);
    expect(isAlive(pid)).toBe(false);
  });

  test('while a call waits for the pause after a failed start refuses the call at once', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'easel-host-'));
    const model = join(folder, 'script');
    await writeFile(model, 'load');
    const host = await startScriptedHost({ model });
    await writeFile(model, 'exit:1');
    // One crash while it runs, then three starts that fail: the next is two seconds away.
    for (let i = 0; i < 4; i += 1) await expect(runScript(host, 'exit:1')).rejects.toThrow('exit code 1');
    const call = runScript(host, 'step');
    call.catch(() => {});
    await host.close();
    await expect(call).rejects.toMatchObject(closed);
    expect(host.stats().restarts).toBe(3);
    await rm(folder, { recursive: true });
  });
});

test('the child is told before it loads anything that no telemetry is wanted', async () => {
  const host = await startScriptedHost();
  expect((await runScript(host, 'step')).telemetry).toBe('1');
  await host.close();
});

test('a request that cannot be sent is refused, and the host goes on', async () => {
  const host = await startScriptedHost();
  const request = { prompt: 'step', extra: () => 'a function' };
  await expect(host.generate(request)).rejects.toMatchObject({ code: 'invalid_request' });
  await runScript(host, 'step');
  await host.close();
});
