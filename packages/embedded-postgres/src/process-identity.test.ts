import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { hasNumber, identityOf, isRunning, startFromPs } from './process-identity.ts';

test('a process is told from one that had its number before', async () => {
  const me = await identityOf(process.pid);
  expect(await isRunning(me)).toBe(true);
  expect(await identityOf(process.pid)).toEqual(me);
  expect(await isRunning({ ...me, started: `1${me.started}` })).toBe(false);
});

test('a process that ended does not run', async () => {
  const child = spawn('sleep', ['600']);
  await once(child, 'spawn');
  const identity = await identityOf(child.pid ?? 0);
  expect(await isRunning(identity)).toBe(true);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(await isRunning(identity)).toBe(false);
  expect(hasNumber(identity.pid)).toBe(false);
});

test('a zombie does not run, though it has its number', async ({ skip }) => {
  if (process.platform !== 'linux') skip('only /proc tells zombies');
  // The shell starts a child, becomes a program that never waits for it, and the child ends.
  const parent = spawn('sh', ['-c', 'sleep 0.2 & echo $!; exec sleep 600'], { stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    const [said] = await once(parent.stdout, 'data');
    const zombie = await identityOf(Number(String(said)));
    await expect.poll(() => isRunning(zombie)).toBe(false);
    expect(hasNumber(zombie.pid)).toBe(true);
  } finally {
    parent.kill('SIGKILL');
  }
});

test('ps tells the start of a process where there is no /proc', async () => {
  expect(await startFromPs(process.pid)).toMatch(/^\w{3} .*\d{4}$/);
  expect(await startFromPs(2 ** 22 + 1)).toBeUndefined();
});
