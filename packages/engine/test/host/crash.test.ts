import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { HostLogEntry } from '../../src/host/engine-host.ts';
import { isAlive, runScript, startScriptedHost } from './scripted-host.ts';

describe('a crash in the child', () => {
  test.each([
    ['signal:SIGSEGV', /SIGSEGV/],
    ['abort', /SIGABRT/],
    ['signal:SIGBUS', /SIGBUS.*weights file/],
    ['signal:SIGKILL', /SIGKILL.*memory/],
    ['exit:3', /exit code 3/],
  ])('by %s is an error of that call, and the next call gets a fresh process', async (script, message) => {
    const host = await startScriptedHost();
    const { pid } = await runScript(host, 'step');
    await expect(runScript(host, `unet:20 ${script}`)).rejects.toMatchObject({
      name: 'EngineError',
      code: 'engine_crashed',
      message: expect.stringMatching(message),
    });
    const next = await runScript(host, 'step');
    expect(next.pid).not.toBe(pid);
    expect(host.stats()).toMatchObject({ pid: next.pid, restarts: 1, state: 'idle' });
    await host.close();
  });

  test('does not touch the calls that wait', async () => {
    const host = await startScriptedHost();
    const outcomes = await Promise.allSettled(
      ['signal:SIGSEGV', 'step', 'exit:1', 'step'].map((s) => runScript(host, s)),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'rejected', 'fulfilled']);
    await host.close();
  });

  test('while idle is no error of any call', async () => {
    const host = await startScriptedHost();
    const { pid } = await runScript(host, 'step');
    process.kill(pid, 'SIGKILL');
    await expect.poll(() => host.stats().state).toBe('absent');
    expect((await runScript(host, 'step')).pid).not.toBe(pid);
    await host.close();
  });

  test('reports what the process said last, and the log has all of it', async () => {
    const log: HostLogEntry[] = [];
    const host = await startScriptedHost({ onLog: (entry) => log.push(entry) });
    const error = await runScript(host, 'say:line-one say:fatal-two say:line-three signal:SIGSEGV').catch((e) => e);
    expect(error.message).toMatch(/SIGSEGV\)\. It said: fatal-two$/);
    expect(error.cause.message).toBe('line-one\nfatal-two\nline-three');
    expect(log.filter(({ level }) => level === 'output').map(({ message }) => message)).toEqual([
      'line-one',
      'fatal-two',
      'line-three',
    ]);
    expect(log.at(-1)).toMatchObject({ level: 'warn', message: expect.stringContaining('SIGSEGV') });
    await host.close();
  });
});

test('what a run wants to be logged is logged, and the run goes on', async () => {
  const log: HostLogEntry[] = [];
  const host = await startScriptedHost({ onLog: (entry) => log.push(entry) });
  const { pid } = await runScript(host, 'unet:20 notice:short-of-memory step');
  expect(log.at(-1)).toEqual({ level: 'notice', message: 'short-of-memory', pid });
  await host.close();
});

describe('an error in the child', () => {
  test("of the engine's keeps its code and details, and the process stays", async () => {
    const host = await startScriptedHost();
    const { pid } = await runScript(host, 'step');
    await expect(runScript(host, 'refuse:conv_in')).rejects.toMatchObject({
      code: 'tensor_shape',
      details: { tensor: 'conv_in' },
    });
    await expect(runScript(host, 'throw:oops')).rejects.toMatchObject({ code: 'internal', message: 'oops' });
    expect((await runScript(host, 'step')).pid).toBe(pid);
    await host.close();
  });

  test('that its device is lost is an error of that call, and the next call gets a fresh process', async () => {
    const log: HostLogEntry[] = [];
    const host = await startScriptedHost({ onLog: (entry) => log.push(entry) });
    const { pid } = await runScript(host, 'step');
    const [lost, next] = await Promise.allSettled([runScript(host, 'unet:20 lose'), runScript(host, 'step')]);
    expect(lost).toMatchObject({ reason: { code: 'device_lost', message: 'the card was reset' } });
    expect(next).toMatchObject({ value: { pid: host.stats().pid } });
    expect(isAlive(pid)).toBe(false);
    expect(host.stats().restarts).toBe(1);
    expect(log.filter(({ level }) => level === 'warn')).toEqual([]);
    await host.close();
  });

  test('of the protocol costs the process its life', async () => {
    const host = await startScriptedHost();
    await expect(runScript(host, 'babble babble babble unet:10')).rejects.toMatchObject({ code: 'internal' });
    await runScript(host, 'step');
    expect(host.stats().restarts).toBe(1);
    await host.close();
  });
});

describe('a load', () => {
  test('that is refused rejects at once with the reason, and leaves no process', async () => {
    const pids = new Set<number | undefined>();
    const onLog = ({ pid }: HostLogEntry) => pids.add(pid);
    await expect(startScriptedHost({ model: 'refused', onLog })).rejects.toMatchObject({
      code: 'model_file_missing',
      details: { file: 'unet/config.json' },
    });
    expect([...pids].map(isAlive)).toEqual([false]);
  });

  test('that crashes rejects with the crash', async () => {
    await expect(startScriptedHost({ model: 'say:bad-file signal:SIGBUS' })).rejects.toMatchObject({
      code: 'engine_crashed',
      message: expect.stringContaining('bad-file'),
    });
  });

  test('that its caller gives up rejects with cancelled, and leaves no process', async () => {
    const pids = new Set<number | undefined>();
    const onLog = ({ pid }: HostLogEntry) => pids.add(pid);
    const load = startScriptedHost({ model: 'say:here block:60000', signal: AbortSignal.timeout(700), onLog });
    await expect(load).rejects.toMatchObject({ code: 'cancelled' });
    expect([...pids].map(isAlive).every((alive) => !alive)).toBe(true);
  });

  test('that fails again and again is tried once a call, with growing pauses', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'easel-host-'));
    const model = join(folder, 'script');
    await writeFile(model, 'load');
    const [starts, ends]: [number[], number[]] = [[], []];
    const host = await startScriptedHost({
      model,
      onLog: ({ message, level }) => {
        if (message.includes('started')) starts.push(performance.now());
        if (level === 'warn') ends.push(performance.now());
      },
    });
    await writeFile(model, 'signal:SIGSEGV');
    await expect(runScript(host, 'signal:SIGSEGV')).rejects.toMatchObject({ code: 'engine_crashed' });
    for (let restarts = 1; restarts <= 3; restarts += 1) {
      await expect(runScript(host, 'step')).rejects.toThrow('SIGSEGV');
      expect(host.stats().restarts).toBe(restarts);
    }
    await writeFile(model, 'load');
    await runScript(host, 'step');
    await host.close();
    await rm(folder, { recursive: true });
    // No pause after the crash in mid-run; the pauses after the starts that failed are 500, 1000 and 2000 ms.
    const pauses = ends.map((end, i) => Number(starts[i + 1]) - end);
    for (const [i, ms] of [0, 450, 900, 1900].entries()) expect(pauses[i]).toBeGreaterThanOrEqual(ms);
  });
});
