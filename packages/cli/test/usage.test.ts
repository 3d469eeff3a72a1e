import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { runEasel, temporaryFolder } from './run-easel.ts';

const run = (...args: string[]) => runEasel(args, { cwd: temporaryFolder() });

describe('easel', () => {
  it('prints its version', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
    expect(await run('--version')).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('prints help with examples and exit statuses', async () => {
    const { status, stdout, stderr } = await run('--help');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('easel generate "a red apple on a blue background"');
    expect(stdout).toMatch(/0 {2}success[\s\S]*2 {2}wrong usage[\s\S]*3 {2}the model/);
  });

  it('prints the help of a command', async () => {
    const { status, stdout } = await run('generate', '--help');
    expect(status).toBe(0);
    for (const option of ['--negative-prompt', '--samples', '--steps', '--seed', '--scheduler', '--output', '--json']) {
      expect(stdout).toContain(option);
    }
  });

  it('shows the way when it is called without a command', async () => {
    const { status, stderr } = await run();
    expect(status).toBe(2);
    expect(stderr).toContain('Usage: easel');
  });
});

describe('help and version', () => {
  it('are found the way people look for them', async () => {
    const byOption = await run('keys', 'create', '--help');
    expect(byOption.status).toBe(0);
    expect((await run('help', 'keys', 'create')).stdout).toBe(byOption.stdout);
    expect((await run('help')).stdout).toBe((await run('--help')).stdout);
    for (const args of [['version'], ['-v'], ['-V']]) {
      expect(await run(...args)).toMatchObject({ status: 0, stdout: (await run('--version')).stdout });
    }
    expect(await run('help', 'nope')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('generate, upscale, pull'),
    });
  });
});

describe('a mistyped command line', () => {
  it.each([
    [['generate', '--stepz', '3', 'x'], "unknown option '--stepz' (Did you mean --steps?)"],
    [['genrate', 'x'], "unknown command 'genrate' (Did you mean generate?)"],
    [['generate', 'a', 'red', 'apple'], 'put the prompt in quotes'],
    [['serve', 'extra'], 'easel serve --help lists what it takes'],
    [['generate', '--cfg', '3', 'x'], '--guidance-scale X'],
    [['--prompt', 'x'], 'the prompt is the argument, in quotes'],
    [['a red apple'], 'to make a picture: easel generate'],
    [['generate', 'x', '--quality', '80'], '--quality applies to jpeg and webp'],
    [['keys', 'create', 'x', '--account', 'y', '--expires', '2020-01-01'], '--expires must be in the future'],
    [['generate', 'x', '--steps'], "option '--steps <n>' argument missing"],
    [['generate', 'x', '--scheduler', 'plms'], 'Allowed choices are edm_dpmpp_2m, edm_euler'],
    [['generate', 'x', '--format', 'gif'], 'Allowed choices are jpeg, png, webp, jpg'],
    [['model', 'inspect'], "missing required argument 'name|path'"],
  ])('is refused with status 2 and a hint: %j', async (args, message) => {
    const { status, stdout, stderr } = await run(...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/^easel: /);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('    at ');
  });

  it('is an object for programs', async () => {
    const { status, stdout, stderr } = await run('generate', '--json', '--stepz', '3', 'x');
    expect({ status, stderr }).toEqual({ status: 2, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code: 'usage', exitStatus: 2, message: expect.stringContaining('--stepz') },
    });
  });

  it('takes what comes after -- as the prompt', async () => {
    const { status, stderr } = await run('generate', '--steps', '0', '--', '--json');
    expect(status).toBe(2);
    expect(stderr).toBe(
      'easel: --steps must be a whole number from 1 to 100 (got 0)\n       `easel generate --help` lists what it takes\n',
    );
  });

  it.each<[string, readonly string[], string]>([
    ['an unknown option', ['model', 'quantize', 'x', '--foo'], 'easel model quantize --help lists'],
    ['a value', ['model', 'verify-precision', 'x', '--steps', '0'], '`easel model verify-precision --help` lists'],
    ['an argument too many', ['model', 'inspect', 'x', 'y'], 'easel model inspect --help lists'],
    ['a command that there is not', ['lora', 'show'], 'easel --help lists the commands'],
  ])('names the help of the very command: %s', async (_, args, help) => {
    const { status, stderr } = await run(...args);
    expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining(`       ${help}`) });
  });
});
