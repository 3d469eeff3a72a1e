import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runEasel, temporaryFolder } from './run-easel.ts';

describe('a value out of range', () => {
  it.each([
    ['--steps', '0', '--steps must be a whole number from 1 to 100 (got 0)'],
    ['--steps', '101', '--steps must be a whole number from 1 to 100 (got 101)'],
    [
      '--width',
      '100',
      '--width must be a multiple of 8 from 64 to 2048 (got "100")\n       the nearest are 96 and 104',
    ],
    ['--height', '100000', '--height must be a multiple of 8 from 64 to 2048 (got "100000")'],
  ])('is refused with status 2: %s %s', async (option, value, message) => {
    const cwd = temporaryFolder();
    const { status, stdout, stderr } = await runEasel(['generate', 'x', option, value], { cwd });
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toContain(`easel: ${message}`);
    expect(readdirSync(cwd)).toEqual([]);
  });
});

describe('a prompt that is not there', () => {
  it('is refused: an empty or missing prompt file, empty standard input', async () => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'empty.txt'), ' \n');
    const empty = await runEasel(['generate', '--prompt-file', 'empty.txt'], { cwd });
    expect(empty).toMatchObject({ status: 2, stderr: expect.stringContaining('the prompt file empty.txt is empty') });
    const missing = await runEasel(['generate', '--prompt-file', 'none.txt'], { cwd });
    expect(missing).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('none.txt cannot be read: it does not exist'),
    });
    const piped = await runEasel(['generate'], { cwd, stdin: '\n' });
    expect(piped).toMatchObject({ status: 2, stderr: expect.stringContaining('standard input is empty') });
    expect(readdirSync(cwd)).toEqual(['empty.txt']);
  });
});

describe('a start image', () => {
  it('is refused when it is missing, no picture, or of a size that cannot be made', async () => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'text.png'), 'not a picture');
    const missing = await runEasel(['generate', 'x', '--image', 'none.png'], { cwd });
    expect(missing).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('--image none.png cannot be read: it does not exist'),
    });
    const folder = await runEasel(['generate', 'x', '--image', '.'], { cwd });
    expect(folder).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('easel: --image . cannot be read: it is a folder\n'),
    });
    const text = await runEasel(['generate', 'x', '--image', 'text.png'], { cwd });
    expect(text).toMatchObject({ status: 2, stderr: expect.stringContaining('--image text.png: ') });
  });
});

describe('an output that cannot be written', () => {
  it('is refused with status 4 before the model is loaded', async () => {
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 'file'), '');
    mkdirSync(join(cwd, 'folder'));
    const wrong: [output: string, message: string][] = [
      ['file', 'file already exists\n       choose another name or add --overwrite'],
      ['file/below.png', 'it is not a folder'],
      ['none/below.png', 'the folder none does not exist\n       create it first'],
      ['file/below/', 'cannot save in file/below'],
    ];
    if (process.platform === 'linux') wrong.push(['/proc/picture.png', 'cannot save in /proc']);
    for (const [output, message] of wrong) {
      // The model does not exist: that it is not what is complained about shows what comes first.
      const { status, stderr } = await runEasel(['generate', 'x', '--output', output, '--model', './nowhere'], { cwd });
      expect(stderr, output).toContain(message);
      expect(status, output).toBe(4);
    }
    expect(readdirSync(cwd).sort()).toEqual(['file', 'folder']);
  });
});
