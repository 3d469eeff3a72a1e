import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeImage } from '@easel/engine';
import { describe, expect, it } from 'vitest';
import { easel, runEasel, startEasel, temporaryFolder } from './run-easel.ts';

const quick = ['generate', 'a fox', '--steps', '2', '--size', '128x128'];

describe('a name that is taken', () => {
  it('is not overwritten unless asked', async () => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'x.png'), 'precious');
    expect(await runEasel([...quick, '-o', 'x.png'], { cwd })).toMatchObject({ status: 4 });
    expect(readFileSync(join(cwd, 'x.png'), 'utf8')).toBe('precious');
    expect(await runEasel([...quick, '-o', 'x.png', '--overwrite'], { cwd })).toMatchObject({
      status: 0,
      stdout: 'x.png\n',
    });
    expect(await decodeImage(readFileSync(join(cwd, 'x.png')))).toMatchObject({ width: 128 });
  });

  it('when it was taken during the run is left alone, the picture saved beside it, and that is told with status 4', async () => {
    const cwd = temporaryFolder();
    const run = startEasel([...quick, '--samples', '4', '--size', '256x256', '-o', 'x.png'], { cwd });
    await run.said(/step 1 of 8/);
    writeFileSync(join(cwd, 'x-2.png'), 'theirs');
    const { status, stdout, stderr } = await run.finished;
    expect(status).toBe(4);
    expect(stdout).toBe('x-1.png\nx-2_2.png\nx-3.png\nx-4.png\n');
    expect(stderr).toContain('x-2.png was created by somebody else in the meantime; the picture is in x-2_2.png');
    expect(readFileSync(join(cwd, 'x-2.png'), 'utf8')).toBe('theirs');
    expect(readdirSync(cwd).sort()).toEqual(['x-1.png', 'x-2.png', 'x-2_2.png', 'x-3.png', 'x-4.png']);
  });

  it('goes to exactly one of two runs at once', async () => {
    const cwd = temporaryFolder();
    const slow = startEasel(['generate', 'a fox', '--steps', '40', '--size', '256x256', '-o', 'x.png'], { cwd });
    await slow.said(/step \d+ of 40/);
    const fast = startEasel([...quick, '-o', 'x.png', '--json'], { cwd });
    const results = await Promise.all([slow.finished, fast.finished]);
    expect(results.map(({ status }) => status).sort()).toEqual([0, 4]);
    const winner = results[0].status === 0 ? 256 : 128;
    expect(await decodeImage(readFileSync(join(cwd, 'x.png')))).toMatchObject({ width: winner });
    for (const name of readdirSync(cwd)) await decodeImage(readFileSync(join(cwd, name)));
  });
});

/** A shell of its own mount namespace in which `disk` is a tmpfs of so many bytes; it lists what is left there at the end. */
function onSmallDisk(cwd: string, bytes: number): string[] {
  const script =
    'mount -t tmpfs -o size="$1" tmpfs "$2" || exit 99; shift 2; "$@"; status=$?; ls -A disk >&2; exit $status';
  return ['unshare', '--mount', '--map-root-user', 'sh', '-c', script, 'sh', String(bytes), join(cwd, 'disk')];
}

const mayMount =
  process.platform === 'linux' &&
  (() => {
    const script = 'mount -t tmpfs -o size=4096 tmpfs /tmp';
    return spawnSync('unshare', ['--mount', '--map-root-user', 'sh', '-c', script]).status === 0;
  })();

describe.skipIf(!mayMount)('a full disk (needs Linux with user namespaces)', () => {
  it('is found before the run when it is full already', async () => {
    const cwd = temporaryFolder();
    mkdirSync(join(cwd, 'disk'));
    const { status, stdout, stderr } = await runEasel([...quick, '--model', './nowhere', '-o', 'disk/x.png'], {
      cwd,
      wrapper: onSmallDisk(cwd, 16_384),
    });
    expect(stderr).toBe(
      'easel: cannot save in disk: the disk is full; nothing was saved. Free some space or choose another --output\n',
    );
    expect({ status, stdout }).toEqual({ status: 4, stdout: '' });
  });

  it('leaves nothing of four pictures when the last does not fit', async () => {
    const cwd = temporaryFolder();
    mkdirSync(join(cwd, 'disk'));
    const four = [...quick, '--samples', '4', '--seed', '1', '--quiet'];
    const fit = await runEasel([...four, '-o', 'x.png'], { cwd });
    const sizes = fit.stdout
      .trimEnd()
      .split('\n')
      .map((name) => statSync(join(cwd, name)).size);
    const tooSmall = sizes.reduce((sum, size) => sum + size, 0) - 8192;
    const args = [...four, '-o', 'disk/x.png'];
    const { status, stdout, stderr } = await runEasel(args, { cwd, wrapper: onSmallDisk(cwd, tooSmall) });
    expect(stderr).toBe(
      'easel: cannot save in disk: the disk is full; nothing was saved. Free some space or choose another --output\n',
    );
    expect({ status, stdout }).toEqual({ status: 4, stdout: '' });
  });
});

describe('a pipe that nobody reads', () => {
  it('does not make a crash of a success', () => {
    const cwd = temporaryFolder();
    const [command, ...args] = easel;
    const script = '"$@" | true';
    const { status, stderr } = spawnSync(
      'bash',
      ['-o', 'pipefail', '-c', script, 'bash', command, ...args, ...quick, '-o', 'x.png', '-q'],
      { cwd, encoding: 'utf8' },
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(readdirSync(cwd)).toEqual(['x.png']);
  });
});
