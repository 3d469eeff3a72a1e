import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { demoModelPath } from '@easel/models';
import { parseParameters, readParameters } from '@easel/parameters';
import { describe, expect, it } from 'vitest';
import { runEasel, temporaryFolder } from './run-easel.ts';

function modelCopy(): string {
  const model = join(temporaryFolder(), 'model');
  cpSync(demoModelPath, model, { recursive: true });
  return model;
}

const small = ['--size', '64x64', '--steps', '2', '--seed', '1'];

describe('easel model quantize', () => {
  it('tells how far it is, names the file, and the model then draws with it', async () => {
    const model = modelCopy();
    const cwd = temporaryFolder();
    const made = await runEasel(['model', 'quantize', model], { cwd });
    const file = join(model, 'weights.int8');
    expect(made).toMatchObject({ status: 0, stdout: `${file}\n` });
    expect(made.stderr).toMatch(/^\d+ % of \d+\.\d MB \(\w+\), about .* left\n/);
    expect(made.stderr).toMatch(
      /100 % of .* MB \(vae\), reading it back\n\d+ weight matrices, .* MB became .* MB, .* s\n$/,
    );

    const args = ['generate', 'a red apple', '--model', model, ...small];
    const drawn = await runEasel([...args, '--profile', 'int8', '-o', 'int8.png', '--json'], { cwd });
    expect(drawn.status).toBe(0);
    const exact = await runEasel([...args, '-o', 'exact.png', '--json'], { cwd });
    expect(exact.status).toBe(0);
    const [ofInt8, ofExact] = ['int8.png', 'exact.png'].map((name) => readFileSync(join(cwd, name)));
    const text = readParameters(ofInt8) ?? '';
    expect(text).toContain(', Profile: int8, ');
    expect(parseParameters(text)).toMatchObject({ profile: 'int8', seed: 1n });
    expect(readParameters(ofExact)).not.toContain('Profile');
    expect(ofInt8.equals(ofExact)).toBe(false);
  });

  it('writes where it is told to, and generate reads it there', async () => {
    const cwd = temporaryFolder();
    const made = await runEasel(['model', 'quantize', 'demo', '-o', 'demo.int8', '--json'], { cwd });
    expect(JSON.parse(made.stdout)).toMatchObject({ file: join(cwd, 'demo.int8'), weights: expect.any(Number) });
    const args = ['generate', 'a panda', ...small, '--profile', 'int8', '--int8-file', 'demo.int8', '-o', 'a.png'];
    expect(await runEasel(args, { cwd })).toMatchObject({ status: 0 });
    expect(existsSync(join(cwd, 'a.png'))).toBe(true);
  });

  it('says what is wrong with where it would write, and leaves nothing', async () => {
    const cwd = temporaryFolder();
    const made = await runEasel(['model', 'quantize', 'demo', '-o', 'no/such/folder/x.int8'], { cwd });
    expect(made.status).toBe(4);
    expect(made.stderr).toMatch(/^easel: cannot save in no\/such\/folder: .*[\s\S]*choose another place/);
    expect(readdirSync(cwd)).toEqual([]);
  });
});

describe('easel generate', () => {
  it('refuses a file of 8-bit weights that does not exist, with the command that makes it', async () => {
    const args = ['generate', 'a panda', ...small, '--profile', 'int8', '--int8-file', 'gone.int8'];
    const { status, stderr } = await runEasel(args, { cwd: temporaryFolder() });
    expect(status).toBe(3);
    expect(stderr).toMatch(/gone\.int8 is missing\n.*make it once with: easel model quantize .* --output gone\.int8/);
  });

  it.each([
    [['--int8-file', 'x'], '--int8-file needs --profile int8 or --profile fast'],
    [
      ['--profile', 'int8', '--int8-file', 'x', '--server', 'http://127.0.0.1:1'],
      '--int8-file cannot be used with --server',
    ],
    [['--profile', 'turbo'], 'exact, int8, fast'],
    [['--precision', 'int8'], '--profile'],
  ])('refuses %j', async (options, message) => {
    const { status, stderr } = await runEasel(['generate', 'a panda', ...options], { cwd: temporaryFolder() });
    expect(status).toBe(2);
    expect(stderr).toContain(message);
  });
});
