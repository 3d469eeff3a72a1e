import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { HostLogEntry } from '../../src/host/engine-host.ts';
import { isAlive, runScript, startScriptedHost } from './scripted-host.ts';

test('a process without work is let go after a while, and the next call starts another', async () => {
  const log: HostLogEntry[] = [];
  const host = await startScriptedHost({ idleMs: 300, onLog: (entry) => log.push(entry) });
  const { pid } = await runScript(host, 'step');
  expect(isAlive(pid)).toBe(true);
  await expect.poll(() => host.stats().state).toBe('absent');
  expect(isAlive(pid)).toBe(false);
  expect(log.at(-1)).toEqual({ level: 'info', message: "the engine's process was ended (exit code 0)", pid });
  expect((await runScript(host, 'step')).pid).not.toBe(pid);
  await host.close();
});

test('calls in a row and a long one do not count as idleness', async () => {
  const host = await startScriptedHost({ idleMs: 1000 });
  const { pid } = await runScript(host, 'unet:1500');
  for (let i = 0; i < 4; i += 1) {
    await sleep(400);
    expect((await runScript(host, 'step')).pid).toBe(pid);
  }
  await host.close();
});

test.each([0, Number.POSITIVE_INFINITY, 2 ** 40])('with idleMs %d the process is never let go', async (idleMs) => {
  const host = await startScriptedHost({ idleMs });
  const { pid } = await runScript(host, 'step');
  await sleep(300);
  expect(host.stats()).toMatchObject({ pid, state: 'idle' });
  await host.close();
});

test('a call in the moment of letting go waits for the new process', async () => {
  const host = await startScriptedHost({ idleMs: 50 });
  for (let i = 0; i < 8; i += 1) {
    await runScript(host, 'step');
    await sleep(44 + i * 2);
  }
  await host.close();
});

test.each([{ idleMs: -1 }, { idleMs: Number.NaN }, { passDeadlineMs: 0 }])('%o is refused', async (options) => {
  const [param] = Object.keys(options);
  await expect(startScriptedHost(options)).rejects.toMatchObject({ code: 'invalid_request', details: { param } });
});
