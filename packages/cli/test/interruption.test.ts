import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Running, startEasel, temporaryFolder } from './run-easel.ts';

// Minutes of work on any machine: that it ends at all shows that it was stopped.
const endless = ['generate', 'a fox', '--steps', '100', '--samples', '4', '--size', '256x256', '-o', 'x.png'];

/** Signals the whole process group, as a terminal does at Ctrl-C. */
function signalGroup({ process: leader }: Running, signal: NodeJS.Signals): void {
  if (leader.pid === undefined) throw new Error('easel did not start');
  process.kill(-leader.pid, signal);
}

async function untilGroupIsGone({ process: leader }: Running): Promise<void> {
  for (;;) {
    try {
      process.kill(-(leader.pid ?? 0), 0);
    } catch {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('a run that is stopped', () => {
  it('by Ctrl-C at a step ends with 130 and leaves nothing, neither file nor process', async () => {
    const cwd = temporaryFolder();
    const run = startEasel([...endless, '--preview'], { cwd });
    await run.said(/step \d+ of 400/);
    signalGroup(run, 'SIGINT');
    const { status, stdout, stderr } = await run.finished;
    expect({ status, stdout }).toEqual({ status: 130, stdout: '' });
    expect(stderr).toContain('easel: stopped; nothing was saved');
    await untilGroupIsGone(run);
    expect(readdirSync(cwd)).toEqual([]);
  });

  it('by SIGTERM while the model loads ends with 143', async () => {
    const cwd = temporaryFolder();
    const run = startEasel(endless, { cwd });
    await run.said(/loading demo/);
    signalGroup(run, 'SIGTERM');
    expect(await run.finished).toMatchObject({ status: 143, stdout: '' });
    await untilGroupIsGone(run);
    expect(readdirSync(cwd)).toEqual([]);
  });

  it('by a signal to itself alone takes its engine along', async () => {
    const cwd = temporaryFolder();
    const run = startEasel(endless, { cwd });
    await run.said(/reading the prompt/);
    run.process.kill('SIGINT');
    expect(await run.finished).toMatchObject({ status: 130, stdout: '' });
    await untilGroupIsGone(run);
    expect(readdirSync(cwd)).toEqual([]);
  });

  it('by SIGHUP says so in JSON with --json, ends with 129, and removes the preview', async () => {
    const cwd = temporaryFolder();
    const run = startEasel([...endless, '--preview', '--json'], { cwd });
    while (!readdirSync(cwd).includes('x-1.preview.png')) await new Promise((resolve) => setTimeout(resolve, 20));
    signalGroup(run, 'SIGHUP');
    const { status, stdout } = await run.finished;
    expect(status).toBe(129);
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'cancelled', exitStatus: 129 } });
    expect(readdirSync(cwd)).toEqual([]);
  });

  it('while it waits for the prompt', async () => {
    const cwd = temporaryFolder();
    const run = startEasel(['generate', '--quiet'], { cwd, stdin: null });
    await new Promise((resolve) => setTimeout(resolve, 1000));
    signalGroup(run, 'SIGINT');
    const { status, signal, stderr } = await run.finished;
    // On a slow machine the signal comes before there is a handler, and ends the process by itself.
    if (signal === null)
      expect({ status, stderr }).toEqual({ status: 130, stderr: 'easel: stopped; nothing was saved\n' });
    else expect(signal).toBe('SIGINT');
  });
});
