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

test('a call in the moment of letting go waits for the end of the old process and is served by a new one', async () => {
  const log: HostLogEntry[] = [];
  const host = await startScriptedHost({ idleMs: 50, onLog: (entry) => log.push(entry) });
  const { pid } = await runScript(host, 'linger:1500');
  await expect.poll(() => log.some(({ message }) => message === 'leaving')).toBe(true);
  const next = await runScript(host, 'step');
  expect(next.pid).not.toBe(pid);
  expect(isAlive(pid)).toBe(false); // Two models in memory at once may be one too many.
  expect(host.stats().restarts).toBe(1);
  const told = log.map((entry) => `${entry.pid === pid ? 'old' : 'new'}: ${entry.message}`);
  const ended = told.findIndex((line) => line.startsWith("old: the engine's process was ended"));
  expect(told.indexOf("new: the engine's process was started")).toBeGreaterThan(ended);
  expect(ended).toBeGreaterThan(told.indexOf('old: leaving'));
  await host.close();
});

test.each([{ idleMs: -1 }, { idleMs: Number.NaN }, { passDeadlineMs: 0 }])('%o is refused', async (options) => {
  const [param] = Object.keys(options);
  await expect(startScriptedHost(options)).rejects.toMatchObject({ code: 'invalid_request', details: { param } });
});
