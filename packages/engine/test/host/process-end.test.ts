import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { swiftShader, tooLong } from '../../../../tests/support/software-device.ts';
import { isAlive } from './scripted-host.ts';

interface Parent {
  readonly process: ChildProcess;
  readonly childPid: number;
  /** Waits until it has printed a line. */
  readonly said: (line: string) => Promise<void>;
  readonly ended: Promise<{ status: number | NodeJS.Signals | null; lastLine: string | undefined; stderr: string }>;
}

/** Starts parent.ts in a process group of its own and waits until its child has loaded. */
async function startParent(kind: 'scripted' | 'engine' | 'device', prompt: string, mode = ''): Promise<Parent> {
  const program = fileURLToPath(new URL('./parent.ts', import.meta.url));
  const parent = spawn(process.execPath, ['--conditions=@easel/source', program, kind, prompt, mode], {
    detached: true,
  });
  onTestFinished(() => {
    parent.kill('SIGKILL');
  });
  let stdout = '';
  let stderr = '';
  parent.stdout.on('data', (text) => {
    stdout += text;
  });
  parent.stderr.on('data', (text) => {
    stderr += text;
  });
  const ended: Parent['ended'] = new Promise((resolve) => {
    parent.once('close', (code, signal) => {
      resolve({ status: signal ?? code, lastLine: stdout.trimEnd().split('\n').at(-1), stderr });
    });
  });
  const said = async (line: string) => {
    await expect.poll(() => stdout).toMatch(new RegExp(`^${line}\n`, 'm'));
  };
  await said('\\d+');
  return { process: parent, childPid: Number.parseInt(stdout, 10), said, ended };
}

/** The same on the software device. */
const onDevice = (swiftShader.missing ?? tooLong) === undefined ? [['device', 'a red apple'] as const] : [];

const clean = { status: 0, stderr: '' };

describe('when the program that holds a host', () => {
  test('has nothing more to do, an idle host does not keep it, and the child goes with it', async () => {
    const { childPid, ended } = await startParent('scripted', 'step');
    expect(await ended).toEqual({ ...clean, lastLine: 'done' });
    await expect.poll(() => isAlive(childPid)).toBe(false);
  });

  test('waits for nothing but a run, the run keeps it', async () => {
    const { ended } = await startParent('scripted', 'unet:1500 unet:10');
    expect(await ended).toEqual({ ...clean, lastLine: 'done' });
  });

  test('waits for nothing but a run whose process crashes, it lives to hear of it', async () => {
    const { ended } = await startParent('scripted', 'unet:300 signal:SIGSEGV');
    expect(await ended).toEqual({ ...clean, lastLine: 'engine_crashed' });
  });

  test('is killed while the child is idle, the child ends at once', async () => {
    const { process: parent, childPid, said, ended } = await startParent('scripted', 'step', 'stay');
    await said('done');
    parent.kill('SIGKILL');
    await ended;
    await expect.poll(() => isAlive(childPid)).toBe(false);
  });

  test.each([
    ['scripted', `step ${'unet:500 '.repeat(200).trim()}`],
    ['engine', 'a red apple on a blue background'],
    ...onDevice,
  ] as const)('is killed in mid-run, the child ends at the next pass boundary (%s)', async (kind, prompt) => {
    const { process: parent, childPid, said, ended } = await startParent(kind, prompt);
    await said('step');
    parent.kill('SIGKILL');
    expect(await ended).toMatchObject({ status: 'SIGKILL', lastLine: 'step' });
    await expect.poll(() => isAlive(childPid)).toBe(false);
  });

  test.each([['scripted', 'step unet:60000'], ...onDevice] as const)(
    'exits in mid-run, the child ends with it in the middle of its pass (%s)',
    async (kind, prompt) => {
      const { childPid, ended } = await startParent(kind, prompt, 'exit');
      expect(await ended).toEqual({ status: 7, stderr: '', lastLine: 'step' });
      await expect.poll(() => isAlive(childPid)).toBe(false);
    },
  );

  test
    .skipIf(process.platform === 'win32')
    .each([['scripted', 'step unet:60000'], ['engine', 'a red apple on a blue background'], ...onDevice] as const)(
    'is interrupted at the terminal, its run is cancelled without a noise (%s)',
    async (kind, prompt) => {
      const { process: parent, childPid, said, ended } = await startParent(kind, prompt, 'handle-interrupt');
      await said('step');
      if (parent.pid === undefined) throw new Error('not started');
      // A Ctrl-C goes to the whole process group of the terminal.
      process.kill(-parent.pid, 'SIGINT');
      expect(await ended).toEqual({ ...clean, lastLine: 'cancelled' });
      await expect.poll(() => isAlive(childPid)).toBe(false);
    },
  );
});
