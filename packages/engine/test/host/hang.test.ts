import { expect, test } from 'vitest';
import { isAlive, runScript, startScriptedHost } from './scripted-host.ts';

const passDeadlineMs = 2000;

test('a pass that does not end is found by its deadline, and the next call gets a fresh process', async () => {
  const host = await startScriptedHost({ passDeadlineMs });
  const { pid } = await runScript(host, 'step');
  await expect(runScript(host, 'unet:10 vae_decode:60000')).rejects.toMatchObject({
    name: 'EngineError',
    code: 'engine_hung',
    message: expect.stringContaining('vae_decode pass had not ended after 2 s'),
  });
  expect((await runScript(host, 'step')).pid).not.toBe(pid);
  expect(isAlive(pid)).toBe(false);
  await host.close();
});

test('a run of many passes may take longer than the deadline of one', async () => {
  const host = await startScriptedHost({ passDeadlineMs });
  await runScript(host, 'unet:500 '.repeat(6).trim());
  expect(host.stats().restarts).toBe(0);
  await host.close();
});

test('a process that hangs between passes, or while it loads, is found too', async () => {
  const host = await startScriptedHost({ passDeadlineMs });
  await expect(runScript(host, 'block:60000')).rejects.toMatchObject({ code: 'engine_hung' });
  await host.close();
  const load = startScriptedHost({ model: 'block:60000', passDeadlineMs });
  await expect(load).rejects.toMatchObject({ code: 'engine_hung' });
});

test.skipIf(process.platform === 'win32')('a stopped process is found too', async () => {
  const host = await startScriptedHost({ passDeadlineMs });
  const { pid } = await runScript(host, 'step');
  process.kill(pid, 'SIGSTOP');
  await expect(runScript(host, 'step')).rejects.toMatchObject({ code: 'engine_hung' });
  expect((await runScript(host, 'step')).pid).not.toBe(pid);
  await host.close();
});
