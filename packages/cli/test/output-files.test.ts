import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeImage } from '@easel/engine';
import { describe, expect, it } from 'vitest';
import { easel, runEasel, startEasel, temporaryFolder } from './run-easel.ts';
import { mayMount, onSmallDisk } from './small-disk.ts';

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
    expect(stderr).toContain('x-2.png was created by another program in the meantime, so the picture is in x-2_2.png');
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

describe('a folder that does not exist', () => {
  it('is created when its name ends in a slash, with those above it', async () => {
    const cwd = temporaryFolder();
    const { status, stdout } = await runEasel([...quick, '--seed', '7', '-o', 'animals/foxes/', '-q'], { cwd });
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'animals/foxes/a-fox-7.png\n' });
    expect(readdirSync(join(cwd, 'animals/foxes'))).toEqual(['a-fox-7.png']);
  });

  it.each([
    ['for its model', ['-m', './nowhere'], 3],
    ['for its size, by the model', ['--size', '512x512'], 2],
    ['for its picture', ['--image', '.'], 2],
  ])('is not left behind by a run that is refused %s', async (_why, args, status) => {
    const cwd = temporaryFolder();
    expect(await runEasel([...quick, ...args, '-o', 'animals/foxes/'], { cwd })).toMatchObject({ status });
    expect(readdirSync(cwd)).toEqual([]);
  });

  it('is not left behind by a run that is stopped, unless somebody has used it', async () => {
    for (const used of [false, true]) {
      const cwd = temporaryFolder();
      const run = startEasel(['generate', 'a fox', '--steps', '100', '-o', 'animals/foxes/'], { cwd });
      await run.said(/step \d+ of 100/);
      if (used) writeFileSync(join(cwd, 'animals/notes'), '');
      run.process.kill('SIGINT');
      expect(await run.finished).toMatchObject({ status: 130 });
      expect(readdirSync(cwd, { recursive: true }).sort()).toEqual(used ? ['animals', 'animals/notes'] : []);
    }
  });

  it('is created again for the picture when another run has removed it meanwhile', async () => {
    const cwd = temporaryFolder();
    const run = startEasel(['generate', 'a fox', '--steps', '40', '--size', '128x128', '--seed', '7', '-o', 'foxes/'], {
      cwd,
    });
    await run.said(/step \d+ of 40/);
    rmdirSync(join(cwd, 'foxes'));
    expect(await run.finished).toMatchObject({ status: 0, stdout: 'foxes/a-fox-7.png\n' });
  });

  it('that cannot be is an error, not a search without end', async () => {
    const { status, stderr } = await runEasel([...quick, '-o', '/proc/nothing/here/'], { cwd: temporaryFolder() });
    expect(status).toBe(4);
    expect(stderr).toContain('cannot save in /proc/nothing');
  });
});

describe('standard output as the output', () => {
  it('gets the picture and nothing else', async () => {
    const cwd = temporaryFolder();
    for (const output of ['-', '/dev/stdout']) {
      const run = startEasel([...quick, '--seed', '7', '-o', output, '--format', 'jpg'], { cwd });
      const { status, bytes, stderr } = await run.finished;
      expect({ status, summary: stderr.includes('seed 7') }).toEqual({ status: 0, summary: true });
      expect(bytes.subarray(0, 3).toString('hex')).toBe('ffd8ff');
      expect(await decodeImage(bytes)).toMatchObject({ width: 128, height: 128 });
    }
    expect(readdirSync(cwd)).toEqual([]);
  });

  it.each([
    [['--samples', '2'], '--output - takes one picture'],
    [['--json'], '--json and the picture would both go to standard output'],
    [['--preview'], '--preview is not supported'],
    [['--each-line'], '--each-line reads prompts from'],
  ])('is refused with what would mix with it: %j', async (args, message) => {
    const { status, stdout, stderr } = await runEasel([...quick, '-o', '-', ...args], { cwd: temporaryFolder() });
    expect({ status, text: `${stdout}${stderr}` }).toEqual({ status: 2, text: expect.stringContaining(message) });
  });
});

describe('a file of prompts', () => {
  it('makes the pictures of every line with one model, each told as soon as it is there', async () => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'prompts.txt'), 'a fox\r\n\n  a panda \na fox\n');
    const args = ['generate', '--each-line', '--prompt-file', 'prompts.txt', '--steps', '1', '--size', '64x64'];
    const { status, stdout, stderr } = await runEasel([...args, '--seed', '7', '-o', 'out/'], { cwd });
    expect({ status, stdout }).toEqual({
      status: 0,
      stdout: 'out/a-fox-7.png\nout/a-panda-7.png\nout/a-fox-7_2.png\n',
    });
    expect(stderr).toContain('prompt 2 of 3: a panda');
    expect(stderr.match(/loading demo/g)).toHaveLength(1);
  });

  it('gives one line of JSON for each', async () => {
    const args = ['generate', '--each-line', '--steps', '1', '--size', '64x64', '--json'];
    const { status, stdout } = await runEasel(args, { cwd: temporaryFolder(), stdin: 'a fox\na panda\n' });
    expect(status).toBe(0);
    const results = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(results.map(({ prompt, images }) => [prompt, images.length])).toEqual([
      ['a fox', 1],
      ['a panda', 1],
    ]);
  });

  it('that is stopped keeps what is done, and says how far it came', async () => {
    const cwd = temporaryFolder();
    const args = ['generate', '--each-line', '--steps', '60', '--size', '128x128', '--seed', '7'];
    const run = startEasel(args, { cwd, stdin: 'a fox\na panda\n' });
    await run.said(/prompt 2 of 2/);
    run.process.kill('SIGINT');
    const { status, stderr } = await run.finished;
    expect(status).toBe(130);
    expect(stderr).toContain('easel: stopped; 1 of 2 prompts are done and saved');
    expect(readdirSync(cwd)).toEqual(['a-fox-7.png']);
  });

  it('goes into a folder, not into one file', async () => {
    const args = ['generate', '--each-line', '-o', 'x.png'];
    const { status, stderr } = await runEasel(args, { cwd: temporaryFolder(), stdin: 'a fox\na panda\n' });
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining('--output must be a folder') });
  });
});

describe.skipIf(!mayMount)('a full disk (needs Linux with user namespaces)', () => {
  it('is found before the run when it is full already', async () => {
    const cwd = temporaryFolder();
    mkdirSync(join(cwd, 'disk'));
    const { status, stdout, stderr } = await runEasel([...quick, '--model', './nowhere', '-o', 'disk/x.png'], {
      cwd,
      wrapper: onSmallDisk(cwd, 16_384),
    });
    expect(stderr).toBe(
      'easel: cannot save in disk: the disk is full; nothing was saved\n       free some space or choose another place\n',
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
      'easel: cannot save in disk: the disk is full; nothing was saved\n       free some space or choose another place\n',
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
