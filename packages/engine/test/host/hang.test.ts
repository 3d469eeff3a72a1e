import { expect, test } from 'vitest';
import { EngineChild } from '../../src/host/child-process.ts';
import { PassHistory, type Supervision, superviseCall } from '../../src/host/supervision.ts';
import { cpuChoice } from '../../src/loading/choose-device.ts';
import { isAlive, runScript, scriptedChild, startScriptedHost } from './scripted-host.ts';

/** Longer than a process takes to start on a busy machine, for a load has it too. */
const PASS_DEADLINE_MS = 10_000;

test('a pass that does not end is found by its deadline, and the next call gets a fresh process', async () => {
  const host = await startScriptedHost({ passDeadlineMs: PASS_DEADLINE_MS });
  const { pid } = await runScript(host, 'step');
  await expect(runScript(host, 'unet:10 vae_decode:600000')).rejects.toMatchObject({
    name: 'EngineError',
    code: 'engine_hung',
    message: expect.stringContaining('vae_decode pass had not ended after 10 s'),
  });
  expect((await runScript(host, 'step')).pid).not.toBe(pid);
  expect(isAlive(pid)).toBe(false);
  await host.close();
});

test('a run of many passes may take longer than the deadline of one', async () => {
  const host = await startScriptedHost({ passDeadlineMs: PASS_DEADLINE_MS });
  await runScript(host, 'unet:3000 '.repeat(4).trim());
  expect(host.stats().restarts).toBe(0);
  await host.close();
});

test('a process that hangs between passes, or while it loads, is found too', async () => {
  const host = await startScriptedHost({ passDeadlineMs: PASS_DEADLINE_MS });
  await expect(runScript(host, 'block:600000')).rejects.toMatchObject({ code: 'engine_hung' });
  await host.close();
  const load = startScriptedHost({ model: 'block:600000', passDeadlineMs: PASS_DEADLINE_MS });
  await expect(load).rejects.toMatchObject({ code: 'engine_hung' });
});

test.skipIf(process.platform === 'win32')('a stopped process is found too', async () => {
  const host = await startScriptedHost({ passDeadlineMs: PASS_DEADLINE_MS });
  const { pid } = await runScript(host, 'step');
  process.kill(pid, 'SIGSTOP');
  await expect(runScript(host, 'step')).rejects.toMatchObject({ code: 'engine_hung' });
  expect((await runScript(host, 'step')).pid).not.toBe(pid);
  await host.close();
});

test('how long a process may be busy between passes is learnt from calls that ended well', async () => {
  const child = new EngineChild(scriptedChild, () => {});
  const passes = new PassHistory();
  const deadlineMs: Supervision['deadlineMs'] = (_pixels, slowestMs) =>
    slowestMs === undefined ? Number.POSITIVE_INFINITY : slowestMs + 100;
  const run = (prompt: string) => {
    const call = { type: 'generate', request: { prompt }, steps: false, previewEvery: undefined } as const;
    return superviseCall(child, call, (answer) => answer !== undefined, { passes, pixels: 64 * 64, deadlineMs });
  };
  const load = { type: 'load', model: 'load', options: {}, device: cpuChoice } as const;
  await superviseCall(child, load, (answer) => answer !== undefined, {
    passes: new PassHistory(),
    pixels: 0,
    deadlineMs,
  });
  await expect(run('block:10 refuse:x')).rejects.toMatchObject({ code: 'tensor_shape' });
  expect(passes.slowestMs('other', 64 * 64)).toBeUndefined();
  await run('block:200 unet:1 block:20');
  expect(passes.slowestMs('other', 512 * 512)).toBeGreaterThanOrEqual(200);
  await expect(run('block:600000')).rejects.toMatchObject({
    code: 'engine_hung',
    message: expect.stringContaining('between two passes'),
  });
  await child.exited;
});
